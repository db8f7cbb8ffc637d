/** Gradient of a 2x2, stride 2, unpadded max-pool of x [n,h,w,c]; the first maximum of a window takes it. */
export function maxPoolGradientReference(
  x: ArrayLike<number>,
  dy: ArrayLike<number>,
  [n, h, w, c]: readonly [number, number, number, number],
): Float64Array {
  const dx = new Float64Array(n * h * w * c);
  const [rows, columns] = [Math.floor(h / 2), Math.floor(w / 2)];
  for (let window = 0; window < n * rows * columns; window++) {
    const [image, row, column] = [
      Math.floor(window / (rows * columns)),
      Math.floor(window / columns) % rows,
      window % columns,
    ];
    for (let k = 0; k < c; k++) {
      const corner = ((image * h + 2 * row) * w + 2 * column) * c + k;
      const candidates = [corner, corner + c, corner + w * c, corner + (w + 1) * c];
      const best = Math.max(...candidates.map((index) => x[index] ?? Number.NaN));
      const winner = candidates.find((index) => x[index] === best) ?? corner;
      dx[winner] = dy[window * c + k] ?? Number.NaN;
    }
  }
  return dx;
}
