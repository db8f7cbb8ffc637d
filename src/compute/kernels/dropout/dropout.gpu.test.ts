import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { installKernels, type InstalledKernels } from '../install';
import { poison, seededValues } from '../reference/check';
import { hostOf } from '../registry';
import { dropout } from './dropout';
import { dropBelow, dropoutMask, type DropoutKey } from './mask';
import { DROPOUT } from './names';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

const KEY: DropoutKey = { seed: 666, step: 12, layer: 1 };

describe('dropoutMask', () => {
  it('drops a share, scales the rest, and is another one for every part of the key', () => {
    const mask = dropoutMask(KEY, 0.25, 10_000);
    expect(new Set(mask)).toEqual(new Set([0, Math.fround(4 / 3)]));
    // Binomial of 10,000: one sigma is 43.
    expect(Math.abs(mask.filter((value) => value === 0).length - 2500)).toBeLessThan(200);
    expect(dropoutMask(KEY, 0.25, 10_000)).toEqual(mask);
    for (const other of [{ seed: 667 }, { step: 13 }, { layer: 0 }]) {
      const another = dropoutMask({ ...KEY, ...other }, 0.25, 10_000);
      const both = another.filter((value, i) => value === 0 && mask[i] === 0).length;
      // Independent: 625 expected, one sigma 24.
      expect(Math.abs(both - 625)).toBeLessThan(120);
    }
    expect([dropBelow(0.5), dropBelow(0.2), dropBelow(0)]).toEqual([2 ** 31, 858_993_460, 0]);
  });
});

describe.each(['stock', 'own'])('dropout, %s kernels', (kernels) => {
  let installed: InstalledKernels | null = null;
  beforeAll(() => {
    if (kernels === 'own') installed = installKernels(open.backend);
  });
  afterAll(() => installed?.uninstall());

  it.each([
    [[1], 0.5, KEY],
    [[3, 7, 11], 0.2, { seed: -5, step: 2 ** 31 + 3, layer: 7 }],
    [[33, 512], 0.5, { seed: 0xffffffff, step: 0, layer: 0 }],
    [[5, 3], 0, KEY],
  ] as const)('masks %j at %d, and its gradient alike, bit by bit', async (sides, rate, key) => {
    expect(hostOf(DROPOUT) === null).toBe(kernels === 'stock');
    const shape = [...sides];
    const size = tf.util.sizeFromShape(shape);
    const [xs, gs] = [seededValues(size, 1), seededValues(size, 2)];
    await poison(size);
    const before = tf.memory().numTensors;
    const [y, dx] = tf.tidy(() => {
      const [x, dy] = [tf.tensor(xs, shape), tf.tensor(gs, shape)];
      return [
        dropout(x, rate, key),
        tf.grad((input: tf.Tensor) => dropout(input, rate, key))(x, dy),
      ] as const;
    });
    const mask = dropoutMask(key, rate, size);
    const masked = (values: Float32Array) => values.map((value, i) => Math.fround(value * mask[i]!) + 0);
    expect((await y.data()).map((value) => value + 0)).toEqual(masked(xs));
    expect((await dx.data()).map((value) => value + 0)).toEqual(masked(gs));
    tf.dispose([y, dx]);
    expect(tf.memory().numTensors).toBe(before);
    expect(problems).toEqual([]);
  });
});
