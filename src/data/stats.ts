import type { ImageSplit } from './dataset';
import { PURPOSE, RandomStream } from './random';

/** Per-channel statistics of pixels in [0,1], RGB. */
export interface ChannelStats {
  readonly mean: readonly [number, number, number];
  /** Population standard deviation over all pixels (not the mean of per-image ones, which is smaller). */
  readonly std: readonly [number, number, number];
  /** How many images were looked at. */
  readonly sample: number;
}

/** Images read at a time: bounds the memory, and the signal is looked at in between. */
const CHUNK = 256;

/**
 * Mean and standard deviation of each channel over `sample` images drawn without repetition (all of them where there
 * are fewer); the draw depends on `seed` alone. Sums are exact integers, so the order does not matter.
 * @throws what `split.read` throws; the signal's reason where it fires.
 */
export async function channelStats(
  split: ImageSplit,
  seed: number,
  sample = 5000,
  signal?: AbortSignal,
): Promise<ChannelStats> {
  const order = Uint32Array.from({ length: split.count }, (_, i) => i);
  const chosen = new RandomStream(seed, PURPOSE.sample).shuffle(order).subarray(0, sample).sort();
  const sums = [0, 0, 0];
  const squares = [0, 0, 0];
  let pixels = 0;
  for (let at = 0; at < chosen.length; at += CHUNK) {
    signal?.throwIfAborted();
    const values = await split.read(chosen.subarray(at, at + CHUNK));
    pixels += values.length / 3;
    for (let i = 0; i < values.length; i++) {
      const value = values[i] ?? 0;
      sums[i % 3] = (sums[i % 3] ?? 0) + value;
      squares[i % 3] = (squares[i % 3] ?? 0) + value * value;
    }
  }
  const mean = (c: number) => (sums[c] ?? 0) / pixels / 255;
  const std = (c: number) => Math.sqrt(Math.max(0, (squares[c] ?? 0) / pixels / 255 ** 2 - mean(c) ** 2));
  return { mean: [mean(0), mean(1), mean(2)], std: [std(0), std(1), std(2)], sample: chosen.length };
}

/** Images of each class, [classes]; null where the split has no labels. */
export function classCounts(split: ImageSplit, classes: number): Int32Array | null {
  if (split.labels === null) return null;
  const counts = new Int32Array(classes);
  for (const label of split.labels) counts[label] = (counts[label] ?? 0) + 1;
  return counts;
}
