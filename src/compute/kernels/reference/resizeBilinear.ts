/** Gradient of a bilinear resize with align_corners, float64: dy [n,oh,ow,c] to [n,h,w,c], by scattering each output's four weights. */
export function resizeBilinearGradientReference(
  dy: ArrayLike<number>,
  [n, h, w, c]: readonly [number, number, number, number],
  [oh, ow]: readonly [number, number],
): Float64Array {
  const dx = new Float64Array(n * h * w * c);
  const corners = (o: number, outs: number, ins: number): [number, number][] => {
    const s = (o * (ins - 1)) / (outs - 1);
    const floor = Math.min(Math.floor(s), ins - 1);
    return [
      [floor, 1 - (s - floor)],
      [Math.min(floor + 1, ins - 1), s - floor],
    ];
  };
  for (let image = 0; image < n; image++)
    for (let oy = 0; oy < oh; oy++)
      for (let ox = 0; ox < ow; ox++)
        for (const [iy, wy] of corners(oy, oh, h))
          for (const [ix, wx] of corners(ox, ow, w))
            for (let k = 0; k < c; k++) {
              const to = ((image * h + iy) * w + ix) * c + k;
              dx[to] = (dx[to] ?? 0) + wy * wx * (dy[((image * oh + oy) * ow + ox) * c + k] ?? Number.NaN);
            }
  return dx;
}
