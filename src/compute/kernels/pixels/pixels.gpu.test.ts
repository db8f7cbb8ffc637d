import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { installKernels, type InstalledKernels } from '../install';
import { poison, seededValues } from '../reference/check';
import { hostOf } from '../registry';
import { CLAMP_GRADIENT, NORMALIZE_PIXELS } from './names';
import { clampToUnit, normalizeChannels } from './pixels';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

type Shape = [number, number, number, number];

/** Value and gradient, with as many tensors left afterwards as before. */
async function both(f: (x: tf.Tensor4D) => tf.Tensor, xs: Float32Array, gs: Float32Array, shape: Shape) {
  await poison(xs.length);
  const before = tf.memory().numTensors;
  const [y, dx] = tf.tidy((): [tf.Tensor, tf.Tensor] => {
    const [x, dy] = [tf.tensor4d(xs, shape), tf.tensor4d(gs, shape)];
    return [f(x), tf.grad((input: tf.Tensor) => f(input as tf.Tensor4D))(x, dy)];
  });
  const values = [await y.data(), await dx.data()] as const;
  tf.dispose([y, dx]);
  expect(tf.memory().numTensors).toBe(before);
  return values;
}

describe.each(['stock', 'own'])('pixels, %s kernels', (kernels) => {
  let installed: InstalledKernels | null = null;
  beforeAll(() => {
    if (kernels === 'own') installed = installKernels(open.backend);
  });
  afterAll(() => installed?.uninstall());

  const shapes: Shape[] = [
    [1, 1, 1, 1],
    [2, 5, 7, 3],
    [3, 4, 8, 3],
  ];

  it.each(shapes)('normalises %i x %i x %i x %i by channel, and back', async (...shape) => {
    expect(hostOf(NORMALIZE_PIXELS) === null).toBe(kernels === 'stock');
    const channels = shape[3];
    const size = tf.util.sizeFromShape(shape);
    const [xs, gs] = [seededValues(size, 1), seededValues(size, 2)];
    const [mean, std] = [seededValues(channels, 3), seededValues(channels, 4).map((v) => 1.5 + v)];
    const constants = [tf.tensor1d(mean), tf.tensor1d(std)] as const;
    const [y, dx] = await both((x) => normalizeChannels(x, ...constants), xs, gs, shape);
    for (let i = 0; i < size; i++) {
      const c = i % channels;
      expect(y[i]).toBeCloseTo((xs[i]! - mean[c]!) / std[c]!, 5);
      expect(dx[i]).toBeCloseTo(gs[i]! / std[c]!, 5);
    }
    tf.dispose([...constants]);
    expect(problems).toEqual([]);
  });

  it.each(shapes)('clamps %i x %i x %i x %i; gradients pass at the ends', async (...shape) => {
    expect(hostOf(CLAMP_GRADIENT) === null).toBe(kernels === 'stock');
    const size = tf.util.sizeFromShape(shape);
    // Quarters from -2 to 1.75.
    const xs = seededValues(size, 5).map((value) => Math.floor(value * 8) / 4);
    const gs = seededValues(size, 6);
    const [y, dx] = await both(clampToUnit, xs, gs, shape);
    expect([...y]).toEqual([...xs.map((x) => Math.min(1, Math.max(0, x)))].map((x) => x + 0));
    expect([...dx].map((g) => g + 0)).toEqual([...gs].map((g, i) => (xs[i]! >= 0 && xs[i]! <= 1 ? g : 0)));
    expect(problems).toEqual([]);
  });
});
