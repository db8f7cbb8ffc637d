/** Kernel names of our own, in tfjs's global registry: inputs x, filter, bias and perhaps addend; attributes of tfjs's Conv2D, and relu (a `Rectifier`). */
export const FOLDED_CONV = 'RefineFoldedConv';
/** Inputs dy, turned and perhaps addend, mask; attributes of tfjs's Conv2D, inputShape, filterShape and maskSix. */
export const FOLDED_CONV_GRADIENT = 'RefineFoldedConvGradient';
/** Input filter and attribute stride to the weights as FOLDED_CONV_GRADIENT reads them. */
export const TURN_WEIGHTS = 'RefineTurnWeights';
