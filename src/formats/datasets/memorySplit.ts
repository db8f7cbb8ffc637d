import type { ImageSplit } from './imageDataset';

/** Decoded images of one batch file: `pixels` is uint8 RGB [count, H, W, 3], `labels` has one entry an image. */
export interface PixelBlock {
  readonly pixels: Uint8Array;
  readonly labels: Int32Array;
}

/**
 * A split whose pixels are in memory, as the blocks they were read in: nothing is joined, so nothing is held twice.
 * @param imageBytes H * W * 3.
 */
export function memorySplit(blocks: readonly PixelBlock[], imageBytes: number): ImageSplit {
  const counts = blocks.map((block) => block.labels.length);
  const count = counts.reduce((sum, value) => sum + value, 0);
  const labels = new Int32Array(count);
  const starts: number[] = [];
  let start = 0;
  for (const block of blocks) {
    starts.push(start);
    labels.set(block.labels, start);
    start += block.labels.length;
  }
  const read = (indices: ArrayLike<number>): Promise<Uint8Array> => {
    const out = new Uint8Array(indices.length * imageBytes);
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] ?? -1;
      const which = starts.findLastIndex((first) => first <= index);
      const block = blocks[which];
      const within = index - (starts[which] ?? 0);
      if (block === undefined || within >= block.labels.length) {
        return Promise.reject(new RangeError(`image ${index} of ${count}`));
      }
      out.set(block.pixels.subarray(within * imageBytes, (within + 1) * imageBytes), i * imageBytes);
    }
    return Promise.resolve(out);
  };
  return { count, labels, resident: true, read };
}
