import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { drawnSigns } from './drawnSigns';

const first = (count: number) => Array.from({ length: count }, (_, i) => i);

describe('drawnSigns', () => {
  // Pins every pixel: if this fails, either the drawing was changed (then the demo victim must be trained anew) or
  // an operation that is not exact crept in.
  it('draws the same 200 images of each part on every machine', async () => {
    const signs = drawnSigns();
    const hash = async (part: 'train' | 'test') =>
      createHash('sha256')
        .update((await signs[part]?.read(first(200))) ?? '')
        .digest('hex');
    expect(await hash('train')).toBe('8bf32d3e2a49ab9c56b80c6fbb3ad14074d69b5011f7329996d034ea900c7fa2');
    expect(await hash('test')).toBe('46015b4c07eb4f7caecc890e57676e69da2b1ed714c4a344868fa50d1f949778');
  });

  it('gives an image that depends on neither the order of reading nor the size of the part', async () => {
    const some = await drawnSigns({ trainCount: 60, testCount: 1 }).train.read([57, 3]);
    const one = await drawnSigns({ trainCount: 6000 }).train.read([3]);
    expect(some.subarray(3072)).toEqual(one);
    const otherSeed = await drawnSigns({ trainCount: 60, testCount: 1, seed: 2 }).train.read([3]);
    expect(otherSeed).not.toEqual(one);
  });

  it('keeps what it handed out apart from what it keeps', async () => {
    const { train } = drawnSigns({ trainCount: 10, testCount: 0 });
    const taken = await train.read([4]);
    const copy = taken.slice();
    taken.fill(0);
    expect(await train.read([4])).toEqual(copy);
  });

  it('has ten named classes in equal numbers', () => {
    const { train, test, classNames } = drawnSigns();
    expect(new Set(classNames).size).toBe(10);
    for (const [part, each] of [
      [train, 600],
      [test, 200],
    ] as const) {
      const counts = classNames.map((_, label) => part?.labels?.filter((other) => other === label).length);
      expect(counts).toEqual(classNames.map(() => each));
    }
  });

  it('shows different pictures of different brightness, none of them blank', async () => {
    const pixels = await drawnSigns({ trainCount: 300 }).train.read(first(300));
    const means = first(300).map((i) => {
      const image = pixels.subarray(i * 3072, (i + 1) * 3072);
      const mean = image.reduce((sum, value) => sum + value, 0) / 3072;
      const spread = Math.sqrt(image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3072);
      expect(spread).toBeGreaterThan(8);
      return mean;
    });
    expect(new Set(means).size).toBe(300);
    expect(Math.max(...means) - Math.min(...means)).toBeGreaterThan(80);
  });

  it('refuses an image that is not there', async () => {
    await expect(drawnSigns({ trainCount: 10 }).train.read([10])).rejects.toThrow(RangeError);
  });
});
