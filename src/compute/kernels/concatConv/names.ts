/** Kernel names of our own, in tfjs's global registry: inputs a, b and filter, of as many input channels as both; attributes of tfjs's Conv2D. */
export const CONCAT_CONV = 'RefineConcatConv';
/** Inputs dy, a, b and filter, attributes of tfjs's Conv2D; gives the gradients in a, b and filter. */
export const CONCAT_CONV_GRADIENT = 'RefineConcatConvGradient';
