/** Kernel name of our own, in tfjs's global registry: input x, attributes `DropoutKey` and rate, to x with a share of its values zero. */
export const DROPOUT = 'RefineDropout';
