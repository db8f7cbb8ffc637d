import { expect, it } from 'vitest';
import { broadcastHost, transposeHost } from './hostTensor';

it('turns matrices, of any size that a file may bring', () => {
  const small = { kind: 'float', shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, 6) } as const;
  expect(transposeHost(small, [1, 0])).toEqual({
    kind: 'float',
    shape: [3, 2],
    data: Float32Array.of(1, 4, 2, 5, 3, 6),
  });
  // VGG-16's first linear layer at 224 px has six times as many.
  const [rows, columns] = [4100, 4100];
  const large = { kind: 'float', shape: [rows, columns], data: new Float32Array(rows * columns) } as const;
  large.data[3 * columns + 4000] = 7;
  const turned = transposeHost(large, [1, 0]);
  expect(turned.shape).toEqual([columns, rows]);
  expect(turned.data[4000 * rows + 3]).toBe(7);
  expect(transposeHost({ ...large, shape: [rows, columns, 1] }, [1, 0, 2]).data[4000 * rows + 3]).toBe(7);
});

it('does not make large constants out of small ones', () => {
  const one = { kind: 'float', shape: [1], data: Float32Array.of(1) } as const;
  expect(() => broadcastHost(one, [4100, 4100])).toThrow('makes a constant of 16810000 numbers');
});
