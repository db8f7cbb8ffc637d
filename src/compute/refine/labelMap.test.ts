import { describe, expect, it } from 'vitest';
import { StudioError, type ErrorCode } from '../../protocol/errors';
import { checkLabelMap, drawLabelMap, inverseMap } from './labelMap';
import { NumpyRandomState } from './mt19937';

// What numpy 2.4.6 gave: RandomState(seed), np.arange(classes) shuffled until no entry stood in its own place.
// (123, 3) takes 15 shuffles and (666, 43) two.
const NUMPY: readonly { seed: number; map: readonly number[] }[] = [
  { seed: 666, map: [5, 7, 0, 9, 3, 4, 8, 1, 6, 2] },
  { seed: 0, map: [2, 8, 4, 9, 1, 6, 7, 3, 0, 5] },
  { seed: 4294967295, map: [6, 9, 5, 1, 8, 0, 7, 4, 2, 3] },
  { seed: 123, map: [1, 2, 0] },
  { seed: 3, map: [1, 0] },
  {
    seed: 1,
    map: [
      3, 2, 24, 40, 17, 30, 22, 36, 32, 19, 21, 34, 29, 35, 31, 33, 39, 4, 23, 14, 10, 38, 27, 26, 42, 20, 18,
      25, 6, 28, 13, 7, 41, 1, 16, 0, 15, 5, 11, 9, 8, 12, 37,
    ],
  },
  {
    seed: 666,
    map: [
      30, 20, 35, 19, 15, 6, 5, 38, 22, 14, 29, 0, 3, 12, 24, 1, 4, 37, 28, 39, 26, 23, 33, 2, 16, 10, 32, 21,
      34, 9, 18, 17, 27, 25, 36, 13, 31, 7, 42, 11, 8, 40, 41,
    ],
  },
  {
    seed: 7,
    map: [
      13, 15, 22, 42, 30, 27, 1, 20, 10, 36, 32, 46, 34, 18, 17, 35, 29, 41, 9, 2, 33, 16, 21, 31, 38, 24, 5,
      12, 45, 6, 37, 40, 11, 0, 7, 48, 43, 26, 49, 8, 44, 14, 28, 39, 23, 19, 3, 25, 4, 47,
    ],
  },
  {
    seed: 42,
    map: [
      83, 53, 70, 45, 44, 39, 22, 80, 10, 0, 18, 30, 73, 33, 90, 4, 76, 77, 12, 31, 55, 88, 26, 42, 69, 15,
      40, 96, 9, 72, 11, 47, 85, 28, 93, 5, 66, 65, 35, 16, 49, 34, 7, 95, 27, 19, 81, 25, 62, 13, 24, 3, 17,
      38, 8, 78, 6, 64, 36, 89, 56, 99, 54, 43, 50, 67, 46, 68, 61, 97, 79, 41, 58, 48, 98, 57, 75, 32, 94,
      59, 63, 84, 37, 29, 1, 52, 21, 2, 23, 87, 91, 74, 86, 82, 20, 60, 71, 14, 92, 51,
    ],
  },
];

function failure(map: readonly number[], classes: number): { code: ErrorCode; message: string } {
  try {
    checkLabelMap(map, classes);
  } catch (error) {
    if (error instanceof StudioError) return { code: error.code, message: error.message };
  }
  throw new Error('expected a StudioError');
}

describe('NumpyRandomState', () => {
  it('gives the words of numpy', () => {
    const random = new NumpyRandomState(666);
    expect(Array.from({ length: 4 }, () => random.uint32())).toEqual([
      3008354540, 440739714, 3625754029, 907667358,
    ]);
  });

  it('shuffles past the end of its first block as numpy does', () => {
    const values = Array.from({ length: 1000 }, (_, i) => i);
    new NumpyRandomState(5).shuffle(values);
    expect(values.slice(0, 8)).toEqual([544, 515, 193, 11, 279, 653, 643, 763]);
    expect(values.slice(-8)).toEqual([740, 8, 73, 400, 118, 701, 206, 867]);
  });
});

describe('drawLabelMap', () => {
  it.each(NUMPY)('draws the derangement of seed $seed as numpy', ({ seed, map }) => {
    expect(drawLabelMap({ kind: 'derangement', seed }, map.length, 1)).toEqual(map);
    expect(drawLabelMap({ kind: 'derangement' }, map.length, seed)).toEqual(map);
  });

  it('knows shift, identity and explicit maps', () => {
    expect(drawLabelMap({ kind: 'shift' }, 4, 0)).toEqual([1, 2, 3, 0]);
    expect(drawLabelMap({ kind: 'identity' }, 3, 0)).toEqual([0, 1, 2]);
    expect(drawLabelMap({ kind: 'explicit', permutation: [2, 0, 1] }, 3, 0)).toEqual([2, 0, 1]);
  });

  it('refuses a derangement of one class', () => {
    expect(() => drawLabelMap({ kind: 'derangement', seed: 1 }, 1, 1)).toThrow(/at least 2 classes/);
  });
});

describe('checkLabelMap', () => {
  it('says what is wrong', () => {
    expect(failure([1, 0, 3, 2, 5, 4, 7, 6, 9, 8], 43)).toEqual({
      code: 'map/wrong-size',
      message: 'This is a 10-class map for a 43-class model.',
    });
    expect(failure([0, 1, 1], 3)).toMatchObject({
      code: 'map/not-a-permutation',
      message: expect.stringContaining('label 1 is used more than once'),
    });
    expect(failure([0, 3, 1], 3)).toMatchObject({
      message: expect.stringContaining('class 1 is mapped to 3'),
    });
    expect(failure([0, 0.5, 1], 3).code).toBe('map/not-a-permutation');
  });
});

describe('inverseMap', () => {
  it('undoes the map', () => {
    const map = drawLabelMap({ kind: 'derangement', seed: 666 }, 43, 0);
    expect(inverseMap(map).map((j) => map[j])).toEqual(map.map((_, y) => y));
  });
});
