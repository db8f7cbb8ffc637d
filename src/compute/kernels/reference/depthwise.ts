import type { ConvGeometry } from '../conv2d/geometry';

/** Visits every (output, input, weight) index triple that a depthwise convolution multiplies. */
function visit(g: ConvGeometry, product: (y: number, x: number, w: number) => void): void {
  const channels = g.inChannels;
  for (let n = 0; n < g.batch; n++)
    for (let oy = 0; oy < g.outHeight; oy++)
      for (let ox = 0; ox < g.outWidth; ox++)
        for (let tap = 0; tap < g.kernelHeight * g.kernelWidth; tap++) {
          const iy = oy * g.stride + Math.floor(tap / g.kernelWidth) - g.padTop;
          const ix = ox * g.stride + (tap % g.kernelWidth) - g.padLeft;
          if (iy < 0 || iy >= g.inHeight || ix < 0 || ix >= g.inWidth) continue;
          const y = ((n * g.outHeight + oy) * g.outWidth + ox) * channels;
          const x = ((n * g.inHeight + iy) * g.inWidth + ix) * channels;
          for (let c = 0; c < channels; c++) product(y + c, x + c, tap * channels + c);
        }
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

/** A depthwise convolution x [N,H,W,C], w [k,k,C,1] in float64. */
export function depthwiseReference(
  x: ArrayLike<number>,
  w: ArrayLike<number>,
  g: ConvGeometry,
): Float64Array {
  const y = new Float64Array(g.batch * g.outHeight * g.outWidth * g.inChannels);
  visit(g, (yi, xi, wi) => (y[yi] = at(y, yi) + at(x, xi) * at(w, wi)));
  return y;
}

/** Its gradient in the input, float64. */
export function depthwiseInputGradientReference(
  dy: ArrayLike<number>,
  w: ArrayLike<number>,
  g: ConvGeometry,
): Float64Array {
  const dx = new Float64Array(g.batch * g.inHeight * g.inWidth * g.inChannels);
  visit(g, (yi, xi, wi) => (dx[xi] = at(dx, xi) + at(dy, yi) * at(w, wi)));
  return dx;
}

/** Its gradient in the weights, float64. */
export function depthwiseFilterGradientReference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  g: ConvGeometry,
): Float64Array {
  const dw = new Float64Array(g.kernelHeight * g.kernelWidth * g.inChannels);
  visit(g, (yi, xi, wi) => (dw[wi] = at(dw, wi) + at(x, xi) * at(dy, yi)));
  return dw;
}
