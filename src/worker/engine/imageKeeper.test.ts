import { describe, expect, it } from 'vitest';
import type { ImageSplit } from '../../data/dataset';
import { StudioError } from '../../protocol/errors';
import { DecodedStores } from '../../storage/decodedStores';
import { MemoryRandomFiles } from '../../storage/memoryRandomFiles';
import { ImageKeeper } from './imageKeeper';

const IMAGE_BYTES = 300;
const COUNT = 40;
/** Of the 40 images, 32 fit in memory beside a store, and 36 without one. */
const MEMORY = { bytes: 32 * IMAGE_BYTES, withoutStore: 36 * IMAGE_BYTES };
const keeperOf = (files: MemoryRandomFiles | null, capBytes?: number) =>
  new ImageKeeper(files && new DecodedStores(files, capBytes), MEMORY);

/** Image i is all i; what was decoded is counted. */
function counting(key = 'content', broken: (index: number) => boolean = () => false) {
  const decoded: number[] = [];
  const split: ImageSplit = {
    count: COUNT,
    labels: null,
    contentKey: () => Promise.resolve(key),
    read(indices) {
      const out = new Uint8Array(indices.length * IMAGE_BYTES);
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i] ?? -1;
        if (broken(index))
          return Promise.reject(new StudioError('dataset/decode-failed', `${index} is damaged.`));
        decoded.push(index);
        out.fill(index, i * IMAGE_BYTES, (i + 1) * IMAGE_BYTES);
      }
      return Promise.resolve(out);
    },
  };
  return { split, decoded };
}

const withoutKey = ({ count, labels, read }: ImageSplit): ImageSplit => ({ count, labels, read });

/** The first and last pixel value of each image. */
const ends = (pixels: Uint8Array) =>
  Array.from({ length: pixels.length / IMAGE_BYTES }, (_, i) => [
    pixels[i * IMAGE_BYTES],
    pixels[(i + 1) * IMAGE_BYTES - 1],
  ]);
const both = (indices: readonly number[]) => indices.map((index) => [index, index]);

describe('ImageKeeper', () => {
  it('decodes each image once, for callers at once and for the next session', async () => {
    const files = new MemoryRandomFiles();
    const keeper = keeperOf(files);
    const { split, decoded } = counting();
    const kept = await keeper.keep(split, IMAGE_BYTES, 'photos');
    expect(kept.status()).toEqual({ count: COUNT, stored: 0, bytes: 0, problem: null });
    const reads = await Promise.all([kept.split.read([3, 1, 3]), kept.split.read([1, 39])]);
    expect(reads.map(ends)).toEqual([both([3, 1, 3]), both([1, 39])]);
    expect(decoded.sort()).toEqual([1, 3, 39]);
    await keeper.close();

    const next = counting();
    const later = keeperOf(files);
    const again = await later.keep(next.split, IMAGE_BYTES, 'photos');
    expect(again.status()).toMatchObject({ stored: 3, bytes: 3 * IMAGE_BYTES });
    expect(ends(await again.split.read([39, 3, 1, 3]))).toEqual(both([39, 3, 1, 3]));
    expect(next.decoded).toEqual([]);
    expect(ends(await again.split.read([2, 3]))).toEqual(both([2, 3]));
    expect(next.decoded).toEqual([2]);
    await later.close();
  });

  it('decodes anew what has other content', async () => {
    const files = new MemoryRandomFiles();
    const keeper = keeperOf(files);
    await (await keeper.keep(counting().split, IMAGE_BYTES, 'photos')).split.read([5]);
    const { split, decoded } = counting('other content');
    const other = await keeper.keep(split, IMAGE_BYTES, 'photos');
    await other.split.read([5]);
    expect(decoded).toEqual([5]);
    await keeper.close();
  });

  it('decodes ahead to the end, past what is damaged, which the one who asks is told of', async () => {
    const keeper = keeperOf(new MemoryRandomFiles());
    const { split, decoded } = counting('content', (index) => index === 12);
    const kept = await keeper.keep(split, IMAGE_BYTES, 'photos');
    let rounds = 0;
    while (await kept.ahead()) rounds += 1;
    expect(rounds).toBe(COUNT / 8);
    // The eight that were asked for together with the damaged one wait until they are needed.
    expect(kept.status()).toMatchObject({ stored: COUNT - 8, problem: null });
    decoded.length = 0;
    expect(ends(await kept.split.read([0, 20, 39]))).toEqual(both([0, 20, 39]));
    expect(decoded).toEqual([]);
    await expect(kept.split.read([12])).rejects.toMatchObject({ code: 'dataset/decode-failed' });
    await keeper.close();
  });

  it('goes on by decoding when the disk fills up, and says so', async () => {
    const files = new MemoryRandomFiles();
    const keeper = keeperOf(files);
    const { split, decoded } = counting();
    const kept = await keeper.keep(split, IMAGE_BYTES, 'photos');
    await kept.split.read([0]);
    files.full = true;
    expect(ends(await kept.split.read([1, 2]))).toEqual(both([1, 2]));
    expect(kept.status()).toMatchObject({ stored: 1 });
    expect(kept.status()?.problem).toMatch(/^The disk is full: images that are not kept are decoded again/);
    expect(await kept.ahead()).toBe(false);
    // More than memory holds, so that 0 comes from the disk and 1 is decoded again.
    await kept.split.read(Array.from({ length: COUNT - 3 }, (_, i) => i + 3));
    decoded.length = 0;
    expect(ends(await kept.split.read([0, 1]))).toEqual(both([0, 1]));
    expect(decoded).toEqual([1]);
    await keeper.close();
  });

  it('goes on by decoding when what is kept is deleted under it', async () => {
    const keeper = keeperOf(new MemoryRandomFiles());
    const { split } = counting();
    const kept = await keeper.keep(split, IMAGE_BYTES, 'photos');
    await kept.split.read([0]);
    expect((await keeper.report()).stores).toMatchObject([{ name: 'photos', count: COUNT, open: true }]);
    await keeper.clear();
    expect((await keeper.report()).stores).toEqual([]);
    expect(kept.status()).toMatchObject({ stored: 0, problem: expect.stringMatching(/copies were deleted/) });
    const all = Array.from({ length: COUNT }, (_, i) => i);
    expect(ends(await kept.split.read(all))).toEqual(both(all));
  });

  it('says in one sentence why nothing is kept, and still gives every image', async () => {
    const files = new MemoryRandomFiles();
    const mine = keeperOf(files);
    await mine.keep(counting().split, IMAGE_BYTES, 'photos');
    const cases: readonly [ImageKeeper, ImageSplit, RegExp][] = [
      [keeperOf(null), counting().split, /^There is no place here/],
      [keeperOf(files), counting().split, /^Another tab or process/],
      [
        keeperOf(new MemoryRandomFiles({ capacity: 20_000 })),
        counting().split,
        /^The disk has too little room/,
      ],
      [keeperOf(new MemoryRandomFiles(), 10_000), counting().split, /more than may be kept/],
      [keeperOf(new MemoryRandomFiles()), withoutKey(counting().split), /cannot be told from their files/],
    ];
    for (const [keeper, split, says] of cases) {
      const kept = await keeper.keep(split, IMAGE_BYTES, 'photos');
      expect(kept.status()).toEqual({
        count: COUNT,
        stored: 0,
        bytes: 0,
        problem: expect.stringMatching(says),
      });
      expect(kept.status()?.problem).toMatch(/, so what does not fit in memory is decoded again[^.]*\.$/);
      expect(ends(await kept.split.read([7, 0]))).toEqual(both([7, 0]));
      // What memory alone can hold is decoded once all the same, and needs no sentence.
      const small = await keeper.keep({ ...split, count: 36 }, IMAGE_BYTES, 'photos');
      expect(small.status()?.problem ?? null).toBeNull();
    }
    await mine.close();
  });

  it('keeps in memory what fits there, and what is there or needs no decoding', async () => {
    const keeper = keeperOf(new MemoryRandomFiles());
    const { split } = counting();
    const asked: readonly ImageSplit[] = [
      { ...split, count: 30 },
      { ...split, resident: true },
      { ...split, raw: true },
    ];
    for (const one of asked) {
      const kept = await keeper.keep(one, IMAGE_BYTES, 'photos');
      expect(kept.status()).toBeNull();
      expect(await kept.ahead()).toBe(false);
    }
    expect((await keeper.report()).stores).toEqual([]);
  });
});
