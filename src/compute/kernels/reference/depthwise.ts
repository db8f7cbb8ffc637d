import { sumOfProducts, visitTaps } from './products';

const depthwise = sumOfProducts(
  (g, product) =>
    visitTaps(g, (pixel, from, tap) => {
      const channels = g.inChannels;
      for (let c = 0; c < channels; c++)
        product(pixel * channels + c, from * channels + c, tap * channels + c);
    }),
  (g) => ({
    output: g.batch * g.outHeight * g.outWidth * g.inChannels,
    input: g.batch * g.inHeight * g.inWidth * g.inChannels,
    weights: g.kernelHeight * g.kernelWidth * g.inChannels,
  }),
);

/** A depthwise convolution x [N,H,W,C], w [k,k,C,1] in float64. */
export const depthwiseReference = depthwise.forward;

/** Its gradient in the input, from dy and w, float64. */
export const depthwiseInputGradientReference = depthwise.inputGradient;

/** Its gradient in the weights, from x and dy, float64. */
export const depthwiseFilterGradientReference = depthwise.filterGradient;
