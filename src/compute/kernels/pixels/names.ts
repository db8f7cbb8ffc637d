/** Kernel names of our own, in tfjs's global registry: inputs x, mean, std to (x - mean) / std, by channel; without mean, x / std. */
export const NORMALIZE_PIXELS = 'RefineNormalizePixels';
/** Inputs dy, x to dy where x is in [0,1], ends included, and 0 elsewhere. */
export const CLAMP_GRADIENT = 'RefineClampGradient';
