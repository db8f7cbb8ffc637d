/** Kernel names of our own, in tfjs's global registry: inputs x, filter, bias and perhaps addend; attributes of tfjs's depthwise convolution, and relu (a `Rectifier`). */
export const FOLDED_DEPTHWISE = 'RefineFoldedDepthwise';
/** Inputs dy, filter and perhaps addend, mask; attributes of tfjs's depthwise convolution, inputShape and maskSix. */
export const FOLDED_DEPTHWISE_GRADIENT = 'RefineFoldedDepthwiseGradient';
