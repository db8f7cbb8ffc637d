import { sumOfProducts, visitTaps } from './products';

const convolution = sumOfProducts(
  (g, product) =>
    visitTaps(g, (pixel, from, tap) => {
      const y = pixel * g.outChannels;
      const x = from * g.inChannels;
      const w = tap * g.inChannels * g.outChannels;
      for (let ci = 0; ci < g.inChannels; ci++)
        for (let co = 0; co < g.outChannels; co++) product(y + co, x + ci, w + ci * g.outChannels + co);
    }),
  (g) => ({
    output: g.batch * g.outHeight * g.outWidth * g.outChannels,
    input: g.batch * g.inHeight * g.inWidth * g.inChannels,
    weights: g.kernelHeight * g.kernelWidth * g.inChannels * g.outChannels,
  }),
);

/** Convolution of x (NHWC) with w (HWIO) in float64. */
export const conv2dReference = convolution.forward;

/** Gradient of the convolution in its input, from dy and w, float64. */
export const conv2dInputGradientReference = convolution.inputGradient;

/** Gradient of the convolution in its weights, from x and dy, float64. */
export const conv2dFilterGradientReference = convolution.filterGradient;
