import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../device/device';
import { tf } from '../tf';
import { columnSum, middleSum } from './columnReduce/kernel';
import { poison, relativeError, seededValues } from './reference/check';
import { resizeBilinearGradientReference } from './reference/resizeBilinear';
import { resizeBilinearGradient } from './resizeBilinearGrad/kernel';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

type Shape = [number, number, number, number];

async function values(info: tf.TensorInfo): Promise<Float32Array> {
  const tensor = tf.engine().makeTensorFromTensorInfo(info);
  const data = (await tensor.data()) as Float32Array;
  tensor.dispose();
  return data;
}

describe('column sums', () => {
  for (const [rows, columns] of [
    [1, 5],
    [63, 1],
    [65, 3],
    [1000, 8],
    [20_001, 12],
  ] as const) {
    it(`${rows} x ${columns}`, async () => {
      const xs = seededValues(rows * columns, 1);
      const expected = new Float64Array(columns);
      xs.forEach((value, i) => (expected[i % columns] = expected[i % columns]! + value));
      const x = tf.tensor2d(xs, [rows, columns]);
      await poison(columns);
      expect(relativeError(await values(columnSum(open.backend, x, rows, columns)), expected)).toBeLessThan(
        1e-5,
      );
      x.dispose();
      expect(problems).toEqual([]);
    });
  }
});

describe('sums over the middle', () => {
  for (const sizes of [
    [1, 1, 1],
    [5, 16, 3],
    [3, 49, 64],
    [70, 256, 4],
  ] as const) {
    it(sizes.join(' x '), async () => {
      const [outer, rows, columns] = sizes;
      const xs = seededValues(outer * rows * columns, 2);
      const expected = new Float64Array(outer * columns);
      xs.forEach((value, i) => {
        const at = Math.floor(i / (rows * columns)) * columns + (i % columns);
        expected[at] = expected[at]! + value / rows;
      });
      const x = tf.tensor3d(xs, [outer, rows, columns]);
      await poison(outer * columns);
      const own = await values(middleSum(open.backend, x, sizes, 1 / rows));
      expect(relativeError(own, expected)).toBeLessThan(1e-5);
      x.dispose();
      expect(problems).toEqual([]);
    });
  }
});

describe('bilinear resize gradient', () => {
  for (const [shape, out] of [
    [
      [1, 2, 2, 1],
      [4, 4],
    ],
    [
      [2, 4, 5, 3],
      [8, 10],
    ],
    [
      [2, 16, 16, 8],
      [32, 32],
    ],
    [
      [1, 9, 7, 4],
      [5, 3],
    ],
  ] as [Shape, [number, number]][]) {
    it(`${shape.join('x')} from ${out.join('x')}`, async () => {
      const dyShape: Shape = [shape[0], out[0], out[1], shape[3]];
      const gs = seededValues(tf.util.sizeFromShape(dyShape), 3);
      const dy = tf.tensor4d(gs, dyShape);
      await poison(tf.util.sizeFromShape(shape));
      const own = await values(resizeBilinearGradient(open.backend, dy, shape));
      expect(relativeError(own, resizeBilinearGradientReference(gs, shape, out))).toBeLessThan(1e-5);
      dy.dispose();
      expect(problems).toEqual([]);
    });
  }
});
