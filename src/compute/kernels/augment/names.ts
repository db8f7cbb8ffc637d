/**
 * Kernel name of our own, in tfjs's global registry: inputs `bytes` and `ids`, attributes `AugmentAttrs`, to float32 images.
 */
export const AUGMENT = 'RefineAugment';
