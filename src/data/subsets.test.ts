import { describe, expect, it } from 'vitest';
import type { ImageDataset, ImageSplit } from './dataset';
import { limitSplit, selectIndices, subsetSplit, withTestPart } from './subsets';

/** One-byte "images" whose pixel is their index. */
function split(labels: readonly number[] | null, count = labels?.length ?? 0): ImageSplit {
  return {
    count,
    labels: labels === null ? null : Int32Array.from(labels),
    read: (indices) => Promise.resolve(Uint8Array.from(indices)),
  };
}
const labels = Array.from({ length: 200 }, (_, i) => (i < 100 ? i % 5 : 0)); // 120 of class 0, 20 of each other

describe('subsets', () => {
  it('selects by label and index', async () => {
    const source = split([3, 1, 3, 0]);
    expect([...selectIndices(source, (label) => label === 3)]).toEqual([0, 2]);
    expect([...selectIndices(split(null, 4), (label, index) => label === null && index > 1)]).toEqual([2, 3]);
    const part = subsetSplit(source, Uint32Array.of(3, 0));
    expect([...part.labels!]).toEqual([0, 3]);
    expect([...(await part.read([1, 0, 1]))]).toEqual([0, 3, 0]);
  });

  it('limits in proportion to the classes', async () => {
    const limited = limitSplit(split(labels), 50, 1);
    const counts = [0, 0, 0, 0, 0];
    limited.labels!.forEach((label) => counts[label]!++);
    expect(counts).toEqual([30, 5, 5, 5, 5]);
    const read = [...(await limited.read(Array.from({ length: 50 }, (_, i) => i)))];
    expect(read.map((index) => labels[index])).toEqual([...limited.labels!]);
    expect(new Set(read).size).toBe(50);
    expect(read).toEqual([...read].sort((a, b) => a - b));
  });

  it('gives what is left to the largest remainders', () => {
    const limited = limitSplit(split([0, 0, 0, 1, 1, 1, 2, 2, 2]), 5, 1);
    expect([...limited.labels!].filter((label) => label === 0).length).toBe(2);
    expect([...limited.labels!].filter((label) => label === 2).length).toBe(1);
  });

  it('depends on the seed, and leaves a split alone that is small enough', async () => {
    const all = Array.from({ length: 20 }, (_, i) => i);
    const draw = async (seed: number) => [...(await limitSplit(split(null, 1000), 20, seed).read(all))];
    expect(await draw(1)).toEqual(await draw(1));
    expect(await draw(1)).not.toEqual(await draw(2));
    const source = split(labels);
    expect(limitSplit(source, null, 1)).toBe(source);
    expect(limitSplit(source, 200, 1)).toBe(source);
    expect(() => limitSplit(source, 0, 1)).toThrow('at least 1');
  });

  it('joins a test part from another data set, if it fits', () => {
    const dataset = (
      name: string,
      width: number,
      classNames: string[],
      test: ImageSplit | null = null,
    ): ImageDataset => ({
      name,
      format: 'drawn',
      classNames,
      height: 8,
      width,
      train: split([0]),
      test,
    });
    const main = dataset('main', 8, ['a', 'b']);
    const other = dataset('other', 8, ['a', 'b']);
    expect(withTestPart(main, other).test).toBe(other.train);
    const test = split([1]);
    expect(withTestPart(main, dataset('other', 8, [], test)).test).toBe(test);
    expect(() => withTestPart(main, dataset('other', 9, ['a', 'b']))).toThrow('9x8');
    expect(() => withTestPart(main, dataset('other', 8, ['b', 'a']))).toThrow('classes of other');
  });
});
