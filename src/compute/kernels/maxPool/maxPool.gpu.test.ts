import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../../tests/setup/ownKernels';
import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import { maxPoolReference } from '../reference/maxPool';
import { switchOff } from '../registry';
import { poolGeometry, type PoolWindow } from './geometry';
import { maxPool2d } from './maxPool';
import { MAX_POOL, MAX_POOL_PLACES } from './names';

const gpu = ownKernels();

type Shape = [number, number, number, number];
const window = (size: number, stride: number, pad: number): PoolWindow => ({ size, stride, pad });

const CASES: readonly (readonly [Shape, PoolWindow])[] = [
  [[1, 4, 4, 1], window(2, 2, 0)],
  [[2, 5, 7, 3], window(2, 2, 0)],
  [[3, 6, 8, 8], window(2, 2, 0)],
  [[2, 9, 6, 4], window(3, 2, 1)],
  [[2, 7, 7, 5], window(3, 2, 1)],
  [[1, 1, 1, 4], window(3, 2, 1)],
  [[2, 5, 6, 8], window(3, 1, 1)],
  [[1, 7, 5, 2], window(3, 1, 1)],
  [[2, 8, 7, 4], window(3, 2, 0)],
  [[1, 9, 9, 3], window(5, 2, 2)],
  [[1, 7, 8, 4], window(4, 3, 2)],
  [[1, 8, 8, 4], window(2, 3, 0)],
  [[2, 6, 5, 4], window(2, 2, 1)],
];

/** Multiples of an eighth, so that sums are exact whatever their order. */
const eighths = (count: number, seed: number): Float32Array =>
  seededValues(count, seed).map((value) => Math.round(value * 64) / 8);

describe('max-pool', () => {
  it.each(CASES)('%j, %j: maxima and gradient are exact', async (shape, { size, stride, pad }) => {
    const g = poolGeometry(shape, { size, stride, pad })!;
    const out: Shape = [shape[0], g.outHeight, g.outWidth, shape[3]];
    const count = tf.util.sizeFromShape(shape);
    // Ties everywhere, and negative: neither padding nor a fresh zero may win.
    for (const xs of [seededValues(count, 1).map((v) => Math.round(v * 2) - 3), seededValues(count, 2)]) {
      const gs = eighths(tf.util.sizeFromShape(out), 3);
      await poison(count, gs.length, Math.ceil(gs.length / 4));
      const [x, dy] = [tf.tensor4d(xs, shape), tf.tensor4d(gs, out)];
      const f = (input: tf.Tensor): tf.Tensor => maxPool2d(input as tf.Tensor4D, size, stride, pad);
      const [y, dx] = tf.tidy(() => [f(x), tf.grad(f)(x, dy)] as const);
      const reference = maxPoolReference(xs, gs, shape, { size, stride, pad });
      expect(y.shape).toEqual(out);
      expect(relativeError(await y.data(), reference.y)).toBe(0);
      expect(relativeError(await dx.data(), reference.dx)).toBe(0);
      tf.dispose([x, dy, y, dx]);
    }
    expect(gpu.problems).toEqual([]);
  });

  it('keeps places for a gradient only, a sixteenth of the image', () => {
    const ran: string[] = [];
    const run = gpu.open.backend.runWebGPUProgram.bind(gpu.open.backend);
    gpu.open.backend.runWebGPUProgram = (program, ...rest) => {
      ran.push(program.shaderKey);
      return run(program, ...rest);
    };
    const x = tf.ones<tf.Rank.R4>([1, 4, 4, 4]);
    tf.dispose(maxPool2d(x, 2, 2, 0));
    const before = ran.splice(0).map((key) => key.split('-')[3]);
    tf.dispose(tf.grad((input) => maxPool2d(input as tf.Tensor4D, 2, 2, 0))(x));
    const taped = ran.filter((key) => key.startsWith('refine-max-pool')).map((key) => key.split('-')[3]);
    gpu.open.backend.runWebGPUProgram = run;
    expect(before).toEqual(['maxima']);
    expect(taped).toEqual(['places', 'maxima', 'gradient']);
    const places = tf.engine().runKernel<tf.Tensor>(MAX_POOL_PLACES, { x }, { size: 2, stride: 2, pad: 0 });
    expect(places.size).toBe(x.size / 16);
    tf.dispose([x, places]);
  });

  it('pools with tfjs where it is switched off, and where a window is too large', async () => {
    const xs = seededValues(8 * 8, 5);
    const x = tf.tensor4d(xs, [1, 8, 8, 1]);
    const reference = (w: PoolWindow): Float64Array => maxPoolReference(xs, [], [1, 8, 8, 1], w).y;
    const large = maxPool2d(x, 7, 2, 3);
    expect(relativeError(await large.data(), reference(window(7, 2, 3)))).toBe(0);
    switchOff(gpu.open.backend, MAX_POOL);
    const padded = maxPool2d(x, 3, 2, 1);
    expect(relativeError(await padded.data(), reference(window(3, 2, 1)))).toBe(0);
    tf.dispose([x, large, padded]);
  });
});
