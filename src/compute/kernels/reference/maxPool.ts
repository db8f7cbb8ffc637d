import type { PoolWindow } from '../maxPool/geometry';

/**
 * Max-pool of x [n,h,w,c], rounded down, and the gradient of it with `dy` shaped like the result: the first maximum of a window, row by
 * row, takes it, and what lies outside the image is never one. In float64.
 */
export function maxPoolReference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  [n, h, w, c]: readonly [number, number, number, number],
  { size, stride, pad }: PoolWindow,
): { readonly y: Float64Array; readonly dx: Float64Array } {
  const [rows, columns] = [h, w].map((side) => Math.floor((side + 2 * pad - size) / stride) + 1) as [
    number,
    number,
  ];
  const y = new Float64Array(n * rows * columns * c);
  const dx = new Float64Array(n * h * w * c);
  for (let at = 0; at < y.length; at++) {
    const k = at % c;
    const column = Math.floor(at / c) % columns;
    const row = Math.floor(at / c / columns) % rows;
    const image = Math.floor(at / c / columns / rows);
    let winner = -1;
    for (let place = 0; place < size * size; place++) {
      const iy = row * stride - pad + Math.floor(place / size);
      const ix = column * stride - pad + (place % size);
      if (iy < 0 || iy >= h || ix < 0 || ix >= w) continue;
      const index = ((image * h + iy) * w + ix) * c + k;
      if (winner < 0 || (x[index] ?? Number.NaN) > (x[winner] ?? Number.NaN)) winner = index;
    }
    y[at] = x[winner] ?? Number.NaN;
    dx[winner] = (dx[winner] ?? Number.NaN) + (dy[at] ?? Number.NaN);
  }
  return { y, dx };
}
