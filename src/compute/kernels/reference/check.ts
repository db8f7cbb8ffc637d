import { tf } from '../../tf';

/** Seeded values in [-1, 1) for checks: a multiply-with-carry generator, good enough to make every index differ. */
export function seededValues(count: number, seed: number): Float32Array {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state >>> 8) / 8388608 - 1;
  });
}

/** |actual - expected| / |expected| in the 2-norm; infinite where the lengths differ or a value is not a number. */
export function relativeError(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  if (actual.length !== expected.length) return Number.POSITIVE_INFINITY;
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    const want = expected[i] ?? Number.NaN;
    difference += ((actual[i] ?? Number.NaN) - want) ** 2;
    norm += want ** 2;
  }
  const error = Math.sqrt(difference / Math.max(norm, 1e-60));
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}

/**
 * Fills the buffers that tfjs will hand out next for this many elements with garbage. A dispatch that WebGPU drops leaves
 * its output buffer as it was, and a recycled buffer often holds the right answer of a moment ago.
 */
export async function poison(...counts: readonly number[]): Promise<void> {
  const garbage = counts.flatMap((count) => [0, 1, 2].map((k) => tf.fill([count], 1e9 + k)));
  await Promise.all(garbage.map((tensor) => tensor.data()));
  tf.dispose(garbage);
}
