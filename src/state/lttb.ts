/**
 * Largest-Triangle-Three-Buckets decimation (S. Steinarsson, "Downsampling Time Series for Visual Representation",
 * 2013): the indices of at most `limit` points of a line which keep its shape, first and last always among them.
 *
 * @param x ascending abscissae; @param y ordinates of the same length, finite. @param limit at least 3.
 */
export function lttbIndices(x: ArrayLike<number>, y: ArrayLike<number>, limit: number): number[] {
  const count = x.length;
  if (count <= limit || limit < 3) return Array.from({ length: count }, (_, index) => index);
  const chosen = [0];
  const bucket = (count - 2) / (limit - 2);
  let last = 0;
  for (let index = 0; index < limit - 2; index += 1) {
    const start = Math.floor(index * bucket) + 1;
    const end = Math.floor((index + 1) * bucket) + 1;
    const next = mean(x, y, end, Math.min(Math.floor((index + 2) * bucket) + 1, count));
    last = farthest(x, y, { start, end }, last, next);
    chosen.push(last);
  }
  chosen.push(count - 1);
  return chosen;
}

function mean(x: ArrayLike<number>, y: ArrayLike<number>, start: number, end: number) {
  let sumX = 0;
  let sumY = 0;
  for (let index = start; index < end; index += 1) {
    sumX += x[index] ?? 0;
    sumY += y[index] ?? 0;
  }
  const size = Math.max(1, end - start);
  return { x: sumX / size, y: sumY / size };
}

/** The point of the bucket that spans the largest triangle with the point chosen last and the next bucket's mean. */
function farthest(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  bucket: { readonly start: number; readonly end: number },
  last: number,
  next: { readonly x: number; readonly y: number },
): number {
  const ax = x[last] ?? 0;
  const ay = y[last] ?? 0;
  let best = bucket.start;
  let bestArea = -1;
  for (let index = bucket.start; index < bucket.end; index += 1) {
    const area = Math.abs((ax - next.x) * ((y[index] ?? 0) - ay) - (ax - (x[index] ?? 0)) * (next.y - ay));
    if (area > bestArea) {
      bestArea = area;
      best = index;
    }
  }
  return best;
}
