import type { ConvGeometry } from '../conv2d/geometry';

/** Visits every (output, input, weight) index triple that a convolution multiplies. */
function visit(g: ConvGeometry, product: (y: number, x: number, w: number) => void): void {
  for (let n = 0; n < g.batch; n++)
    for (let oy = 0; oy < g.outHeight; oy++)
      for (let ox = 0; ox < g.outWidth; ox++)
        for (let ky = 0; ky < g.kernelHeight; ky++)
          for (let kx = 0; kx < g.kernelWidth; kx++) {
            const iy = oy * g.stride + ky - g.padTop;
            const ix = ox * g.stride + kx - g.padLeft;
            if (iy < 0 || iy >= g.inHeight || ix < 0 || ix >= g.inWidth) continue;
            const y = ((n * g.outHeight + oy) * g.outWidth + ox) * g.outChannels;
            const x = ((n * g.inHeight + iy) * g.inWidth + ix) * g.inChannels;
            const w = (ky * g.kernelWidth + kx) * g.inChannels * g.outChannels;
            for (let ci = 0; ci < g.inChannels; ci++)
              for (let co = 0; co < g.outChannels; co++) product(y + co, x + ci, w + ci * g.outChannels + co);
          }
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

/** Convolution in float64, NHWC and HWIO. */
export function conv2dReference(x: ArrayLike<number>, w: ArrayLike<number>, g: ConvGeometry): Float64Array {
  const y = new Float64Array(g.batch * g.outHeight * g.outWidth * g.outChannels);
  visit(g, (yi, xi, wi) => (y[yi] = at(y, yi) + at(x, xi) * at(w, wi)));
  return y;
}

/** Gradient of the convolution in its input, float64. */
export function conv2dInputGradientReference(
  dy: ArrayLike<number>,
  w: ArrayLike<number>,
  g: ConvGeometry,
): Float64Array {
  const dx = new Float64Array(g.batch * g.inHeight * g.inWidth * g.inChannels);
  visit(g, (yi, xi, wi) => (dx[xi] = at(dx, xi) + at(dy, yi) * at(w, wi)));
  return dx;
}

/** Gradient of the convolution in its weights, float64. */
export function conv2dFilterGradientReference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  g: ConvGeometry,
): Float64Array {
  const dw = new Float64Array(g.kernelHeight * g.kernelWidth * g.inChannels * g.outChannels);
  visit(g, (yi, xi, wi) => (dw[wi] = at(dw, wi) + at(x, xi) * at(dy, yi)));
  return dw;
}
