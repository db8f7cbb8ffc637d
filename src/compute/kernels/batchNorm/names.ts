/** Kernel names of our own, in tfjs's global registry: inputs x, gamma, beta, perhaps bias, and attribute epsilon to stats [6, C]. */
export const STATISTICS = 'RefineBatchNormStatistics';
/** Inputs x, stats and attribute relu to y. */
export const NORMALIZE = 'RefineBatchNormNormalize';
/** Inputs dy, x, stats and attributes epsilon, relu to dx, dGamma [C] and dBeta [C]. */
export const GRADIENT = 'RefineBatchNormGradient';
