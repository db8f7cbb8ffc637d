/**
 * Kernel names of our own, in tfjs's global registry: inputs logits [N, K], labels [N], inverse [K] and attribute kind to the
 * log-likelihoods [N] and the gradient of the mean loss in the logits [N, K].
 */
export const CLASSIFICATION = 'RefineClassificationLoss';
/** Inputs likelihoods [N], anchors [N, 4] and attributes likelihoodScale, anchorScale, weight to [total, classification, supcon]. */
export const LOSSES = 'RefineLosses';
