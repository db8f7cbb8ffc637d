import { describe, expect, it } from 'vitest';
import { cachedSplit } from './cachedSplit';
import type { ImageSplit } from './dataset';

const IMAGE_BYTES = 3;
/** Images [i, i + 1, i + 2] and a record of what was read. */
function counting(count: number, fail: (index: number) => boolean = () => false) {
  const reads: number[] = [];
  const split: ImageSplit = {
    count,
    labels: null,
    async read(indices) {
      await Promise.resolve();
      const list = Array.from(indices);
      reads.push(...list);
      if (list.some(fail)) throw new Error('broken image');
      return Uint8Array.from(list.flatMap((i) => [i, i + 1, i + 2]));
    },
  };
  return { split, reads };
}
const want = (indices: readonly number[]) => Uint8Array.from(indices.flatMap((i) => [i, i + 1, i + 2]));

describe('cachedSplit', () => {
  it('reads each image once, in whatever order and company it is asked for', async () => {
    const { split, reads } = counting(10);
    const cached = cachedSplit(split, IMAGE_BYTES);
    expect(await cached.read([4, 2, 4])).toEqual(want([4, 2, 4]));
    expect(await cached.read([2, 9, 4])).toEqual(want([2, 9, 4]));
    expect(reads).toEqual([4, 2, 9]);
  });

  it('decodes once for callers at the same time', async () => {
    const { split, reads } = counting(10);
    const cached = cachedSplit(split, IMAGE_BYTES);
    const [a, b] = await Promise.all([cached.read([1, 2, 3]), cached.read([3, 4, 1])]);
    expect(a).toEqual(want([1, 2, 3]));
    expect(b).toEqual(want([3, 4, 1]));
    expect(reads.sort()).toEqual([1, 2, 3, 4]);
  });

  it('keeps to its cap, gives up the oldest, and stays right when a read alone is larger than that', async () => {
    const { split, reads } = counting(10);
    const cached = cachedSplit(split, IMAGE_BYTES, 3 * IMAGE_BYTES + 2);
    await cached.read([0, 1, 2]);
    await cached.read([0]); // 1 is now the oldest
    await cached.read([3]);
    reads.length = 0;
    expect(await cached.read([0, 2, 3])).toEqual(want([0, 2, 3]));
    expect(reads).toEqual([]);
    expect(await cached.read([1])).toEqual(want([1]));
    expect(reads).toEqual([1]);
    const all = [9, 8, 7, 6, 5, 4, 3, 2, 1, 0];
    expect(await cached.read(all)).toEqual(want(all));
    expect(await Promise.all([cached.read(all), cached.read(all.toReversed())])).toEqual([
      want(all),
      want(all.toReversed()),
    ]);
  });

  it('forgets a failed read, and tells everybody who waited for it', async () => {
    let broken = true;
    const { split } = counting(10, (index) => broken && index === 5);
    const cached = cachedSplit(split, IMAGE_BYTES);
    const results = await Promise.allSettled([cached.read([5]), cached.read([5, 6]), cached.read([7])]);
    expect(results.map((result) => result.status)).toEqual(['rejected', 'rejected', 'fulfilled']);
    broken = false;
    expect(await cached.read([5, 6])).toEqual(want([5, 6]));
  });

  it('does not hold a second time what is in memory, nor try where not one image fits', () => {
    const { split } = counting(10);
    expect(cachedSplit(split, IMAGE_BYTES, 2)).toBe(split);
    const resident = { ...split, resident: true };
    expect(cachedSplit(resident, IMAGE_BYTES)).toBe(resident);
  });
});
