import { describe, expect, it } from 'vitest';
import type { ImageSplit } from './dataset';
import { swapRedAndBlue, toUnitFloats } from './pixels';
import { channelStats, classCounts } from './stats';

/** Two-pixel images: [i, 2, 255] and [i + 2, 4, 255]. */
function split(count: number): ImageSplit {
  return {
    count,
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
    read: (indices) =>
      Promise.resolve(
        Uint8Array.from(Array.from(indices).flatMap((i) => [i % 2, 2, 255, (i % 2) + 2, 4, 255])),
      ),
  };
}

describe('channelStats', () => {
  it('has the mean and the population deviation of all pixels', async () => {
    // Red is 0, 2, 1, 3 equally often: mean 1.5, variance 1.25. Green is 2, 4: mean 3, variance 1.
    const { mean, std, sample } = await channelStats(split(600), 1);
    expect(sample).toBe(600);
    [1.5 / 255, 3 / 255, 1].forEach((value, c) => expect(mean[c]).toBeCloseTo(value, 12));
    [Math.sqrt(1.25) / 255, 1 / 255, 0].forEach((value, c) => expect(std[c]).toBeCloseTo(value, 7));
  });

  it('looks at as many as it was told, the same for the same seed', async () => {
    const first = await channelStats(split(1000), 3, 31);
    expect(first.sample).toBe(31);
    expect(await channelStats(split(1000), 3, 31)).toEqual(first);
    const controller = new AbortController();
    controller.abort();
    await expect(channelStats(split(10), 1, 5, controller.signal)).rejects.toThrow();
  });
});

describe('classCounts', () => {
  it('counts every class, also one without images', () => {
    expect([...classCounts(split(8), 4)!]).toEqual([3, 3, 2, 0]);
    expect(classCounts({ ...split(8), labels: null }, 4)).toBeNull();
  });
});

describe('pixels', () => {
  it('turns bytes into unit floats in either order', () => {
    const bytes = Uint8Array.of(0, 51, 255, 102, 153, 204);
    const close = (values: Float32Array, expected: readonly number[]) =>
      expected.forEach((value, i) => expect(values[i]).toBeCloseTo(value, 7));
    close(toUnitFloats(bytes), [0, 0.2, 1, 0.4, 0.6, 0.8]);
    close(toUnitFloats(bytes, 'BGR'), [1, 0.2, 0, 0.8, 0.6, 0.4]);
    expect(swapRedAndBlue(bytes)).toEqual(Uint8Array.of(255, 51, 0, 204, 153, 102));
    expect(swapRedAndBlue(swapRedAndBlue(Float32Array.of(1, 2, 3)))).toEqual(Float32Array.of(1, 2, 3));
  });
});
