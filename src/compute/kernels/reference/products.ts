import type { ConvGeometry } from '../conv2d/geometry';

/** Visits the (output pixel, input pixel, tap) triples of a window that slides over an image; taps beyond the border are left out. */
export function visitTaps(g: ConvGeometry, visit: (y: number, x: number, tap: number) => void): void {
  for (let n = 0; n < g.batch; n++)
    for (let oy = 0; oy < g.outHeight; oy++)
      for (let ox = 0; ox < g.outWidth; ox++)
        for (let tap = 0; tap < g.kernelHeight * g.kernelWidth; tap++) {
          const iy = oy * g.stride + Math.floor(tap / g.kernelWidth) - g.padTop;
          const ix = ox * g.stride + (tap % g.kernelWidth) - g.padLeft;
          if (iy < 0 || iy >= g.inHeight || ix < 0 || ix >= g.inWidth) continue;
          visit((n * g.outHeight + oy) * g.outWidth + ox, (n * g.inHeight + iy) * g.inWidth + ix, tap);
        }
}

/** Visits every (output, input, weight) index triple that an operation multiplies. */
export type VisitProducts = (g: ConvGeometry, product: (y: number, x: number, w: number) => void) => void;

/** How many numbers each operand of an operation has. */
export interface OperandSizes {
  readonly output: number;
  readonly input: number;
  readonly weights: number;
}

type Reference = (a: ArrayLike<number>, b: ArrayLike<number>, g: ConvGeometry) => Float64Array;

/** An operation that is a sum of products y += x w, and its two gradients, in float64. */
export function sumOfProducts(
  visit: VisitProducts,
  sizes: (g: ConvGeometry) => OperandSizes,
): { readonly forward: Reference; readonly inputGradient: Reference; readonly filterGradient: Reference } {
  const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;
  return {
    forward(x, w, g) {
      const y = new Float64Array(sizes(g).output);
      visit(g, (yi, xi, wi) => (y[yi] = at(y, yi) + at(x, xi) * at(w, wi)));
      return y;
    },
    inputGradient(dy, w, g) {
      const dx = new Float64Array(sizes(g).input);
      visit(g, (yi, xi, wi) => (dx[xi] = at(dx, xi) + at(dy, yi) * at(w, wi)));
      return dx;
    },
    filterGradient(x, dy, g) {
      const dw = new Float64Array(sizes(g).weights);
      visit(g, (yi, xi, wi) => (dw[wi] = at(dw, wi) + at(x, xi) * at(dy, yi)));
      return dw;
    },
  };
}
