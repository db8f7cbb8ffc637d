import { describe, expect, it } from 'vitest';
import { LabelCache } from './labelCache';

describe('LabelCache', () => {
  it('gives labels by image, in the order asked, and only when all are known', () => {
    const cache = new LabelCache(6);
    expect(cache.find([0])).toBeNull();
    cache.keep([4, 1], [7, 0]);
    expect(cache.find([1, 4])).toEqual(Int32Array.of(0, 7));
    expect(cache.find([1, 4, 2])).toBeNull();
    cache.keep([2], [3]);
    expect(cache.find([1, 4, 2])).toEqual(Int32Array.of(0, 7, 3));
    expect(cache.find([])).toEqual(new Int32Array(0));
  });
});
