/** The middle value, or the mean of the two middle ones; NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

/** The median of a[i] / b[i] over the steps both have: what holds on a machine whose speed drifts. NaN of nothing. */
export function medianRatio(a: readonly number[], b: readonly number[]): number {
  const pairs = Math.min(a.length, b.length);
  return median(Array.from({ length: pairs }, (_, i) => (a[i] ?? NaN) / (b[i] ?? NaN)));
}
