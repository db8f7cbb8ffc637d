/** Kernel names of our own, in tfjs's global registry: input x and attributes size, stride, pad to the maxima [N,Ho,Wo,C]. */
export const MAX_POOL = 'RefineMaxPool';
/** The same inputs and attributes to the places of the maxima, packed (`poolPlaces`). */
export const MAX_POOL_PLACES = 'RefineMaxPoolPlaces';
/** Inputs dy and places, attributes size, stride, pad and inputShape to the gradient in x. */
export const MAX_POOL_GRADIENT = 'RefineMaxPoolGradient';
