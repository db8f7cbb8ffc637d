/**
 * Kernel names of our own, in tfjs's global registry: inputs x [N, ...], labels [N] and attributes of `SupconScales` to the
 * anchors [N, 4] and the weights [N, N] of `supconWeights`.
 */
export const SUPCON = 'RefineSupcon';
/** Inputs weights [N, N], x [N, ...] to the loss's gradient, like x. */
export const SUPCON_GRADIENT = 'RefineSupconGradient';
