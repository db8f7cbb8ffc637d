/** Stands in for `@tensorflow/tfjs-backend-webgl` in the bundles: the studio computes on WebGPU alone. */
export const version_webgl = 'none';
