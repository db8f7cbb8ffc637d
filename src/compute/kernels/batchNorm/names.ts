/** Kernel names of our own, in tfjs's global registry: inputs x, gamma, beta and attribute epsilon to stats [4, C]. */
export const STATISTICS = 'RefineBatchNormStatistics';
/** Inputs x, stats and attribute relu to y. */
export const NORMALIZE = 'RefineBatchNormNormalize';
/** Inputs dy, x, stats and attributes epsilon, relu to dx and [2C]: dBeta before dGamma. */
export const GRADIENT = 'RefineBatchNormGradient';
