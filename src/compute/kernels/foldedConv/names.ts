/** Kernel names of our own, in tfjs's global registry: inputs x, filter, bias and perhaps addend; attributes of tfjs's Conv2D, and relu. */
export const FOLDED_CONV = 'RefineFoldedConv';
/** Inputs dy, turned and perhaps addend, mask; attributes of tfjs's Conv2D, inputShape and filterShape. */
export const FOLDED_CONV_GRADIENT = 'RefineFoldedConvGradient';
/** Input filter and attribute stride to the weights as FOLDED_CONV_GRADIENT reads them. */
export const TURN_WEIGHTS = 'RefineTurnWeights';
