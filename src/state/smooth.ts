/**
 * TensorBoard's smoothing: an exponential moving average with weight `weight` in [0, 1), divided by 1 - weight^n so that
 * its first values are not drawn towards zero. 0 gives the values back. A value that is not finite is passed on and
 * leaves the average as it was.
 */
export function smoothDebiased(values: ArrayLike<number>, weight: number): Float64Array {
  const smoothed = new Float64Array(values.length);
  let average = 0;
  let seen = 0;
  for (let index = 0; index < values.length; index += 1) {
    const value = values[index] ?? Number.NaN;
    if (!Number.isFinite(value)) {
      smoothed[index] = value;
      continue;
    }
    average = average * weight + (1 - weight) * value;
    seen += 1;
    smoothed[index] = average / (1 - weight ** seen);
  }
  return smoothed;
}
