/** The rectangle that both embeddings share. */
export interface Bounds {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** The smallest rectangle that holds every point of all clouds (x0, y0, x1, y1, ...); a unit square without points. */
export function commonBounds(clouds: readonly Float32Array[]): Bounds {
  let left = Number.POSITIVE_INFINITY;
  let top = Number.POSITIVE_INFINITY;
  let right = Number.NEGATIVE_INFINITY;
  let bottom = Number.NEGATIVE_INFINITY;
  for (const cloud of clouds) {
    for (let index = 0; index + 1 < cloud.length; index += 2) {
      left = Math.min(left, cloud[index] ?? left);
      right = Math.max(right, cloud[index] ?? right);
      top = Math.min(top, cloud[index + 1] ?? top);
      bottom = Math.max(bottom, cloud[index + 1] ?? bottom);
    }
  }
  return left <= right ? { left, top, right, bottom } : { left: 0, top: 0, right: 1, bottom: 1 };
}

/** Where a point is drawn on a canvas of so many CSS pixels, its proportions kept. */
export function placer(bounds: Bounds, width: number, height: number, margin: number) {
  const spanX = Math.max(1e-9, bounds.right - bounds.left);
  const spanY = Math.max(1e-9, bounds.bottom - bounds.top);
  const scale = Math.min((width - 2 * margin) / spanX, (height - 2 * margin) / spanY);
  const offsetX = (width - spanX * scale) / 2;
  const offsetY = (height - spanY * scale) / 2;
  return (x: number, y: number): readonly [number, number] => [
    offsetX + (x - bounds.left) * scale,
    offsetY + (y - bounds.top) * scale,
  ];
}

/** The index of the point nearest to (x, y) within `reach`, or null. `at` says where a point lies. */
export function nearest(
  count: number,
  at: (index: number) => readonly [number, number],
  [x, y]: readonly [number, number],
  reach: number,
): number | null {
  let best: number | null = null;
  let bestSquare = reach * reach;
  for (let index = 0; index < count; index += 1) {
    const [px, py] = at(index);
    const square = (px - x) ** 2 + (py - y) ** 2;
    if (square <= bestSquare) {
      best = index;
      bestSquare = square;
    }
  }
  return best;
}
