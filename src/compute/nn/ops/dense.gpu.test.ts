import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hashed } from '../../../../tests/setup/hashed';
import { relativeDistance } from '../../../../tests/setup/distance';
import { openDevice, type OpenDevice } from '../../device/device';
import { tf } from '../../tf';
import { dense } from './dense';
import { DropoutMasks } from './dropout';

let device: OpenDevice;
beforeAll(async () => {
  device = await openDevice();
});
afterAll(() => device.close());

const values = (count: number, start: number): Float32Array =>
  Float32Array.from(hashed(count, start), (q) => q / 128);

/** In float64: a [m, k] times b [k, n]. */
function reference(
  a: ArrayLike<number>,
  b: ArrayLike<number>,
  m: number,
  k: number,
  n: number,
): Float64Array {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++)
    for (let j = 0; j < n; j++)
      for (let p = 0; p < k; p++) out[i * n + j] = out[i * n + j]! + a[i * k + p]! * b[p * n + j]!;
  return out;
}

function transposed(a: ArrayLike<number>, rows: number, columns: number): Float64Array {
  return Float64Array.from(
    { length: rows * columns },
    (_, i) => a[(i % rows) * columns + Math.floor(i / rows)]!,
  );
}

// VGG's linear layers are this wide; tfjs's split-K product is wrong for one of the gradients.
describe('dense layers of more than 2000 inputs, outputs or rows', () => {
  it.each([
    [5, 2600, 40],
    [5, 40, 2600],
    [2600, 5, 40],
  ])('[%i, %i] times %i outputs', async (rows, inputs, outputs) => {
    const [xs, ws] = [values(rows * inputs, 1), values(inputs * outputs, 50_000)];
    const dys = values(rows * outputs, 900_000);
    const x = tf.tensor2d(xs, [rows, inputs]);
    const w = tf.tensor2d(ws, [inputs, outputs]);
    const dy = tf.tensor2d(dys, [rows, outputs]);
    const y = dense(x, w, null, true);
    const [dx, dw] = tf.grads((a, b) => dense(a, b as tf.Tensor2D, null, true))([x, w], dy);
    const frozen = tf.grad((a) => dense(a, w, null, false))(x, dy);
    const wantedDx = reference(dys, transposed(ws, inputs, outputs), rows, outputs, inputs);
    expect(relativeDistance(await y.data(), reference(xs, ws, rows, inputs, outputs))).toBeLessThan(1e-6);
    expect(relativeDistance(await dx!.data(), wantedDx)).toBeLessThan(1e-6);
    expect(relativeDistance(await frozen.data(), wantedDx)).toBeLessThan(1e-6);
    const wantedDw = reference(transposed(xs, rows, inputs), dys, inputs, rows, outputs);
    expect(relativeDistance(await dw!.data(), wantedDw)).toBeLessThan(1e-6);
    tf.dispose([x, w, dy, y, dx!, dw!, frozen]);
  });
});

describe('DropoutMasks', () => {
  it('zeroes a share, scales the rest up, and draws the same again from the same seed', async () => {
    const x = tf.ones<tf.Rank.R2>([100, 100]);
    const draw = async (masks: DropoutMasks): Promise<number[]> => {
      const y = tf.tidy(() => masks.apply(x, 0.25));
      const read = [...(await y.data())];
      y.dispose();
      return read;
    };
    const masks = new DropoutMasks(4);
    const [first, second] = [await draw(masks), await draw(masks)];
    const again = new DropoutMasks(4);
    expect(await draw(again)).toEqual(first);
    expect(await draw(again)).toEqual(second);
    expect(second).not.toEqual(first);
    masks.startStep(1);
    const next = await draw(masks);
    expect([first, second]).not.toContainEqual(next);
    // Whatever was drawn before, a step's masks are its own.
    again.startStep(1);
    again.rehearse(() => tf.tidy(() => void again.apply(x, 0.25)));
    expect(await draw(again)).toEqual(next);
    masks.startStep(0);
    expect(await draw(masks)).toEqual(first);
    expect(new Set(first)).toEqual(new Set([0, Math.fround(4 / 3)]));
    // Binomial of 10,000: one sigma is 43.
    expect(Math.abs(first.filter((value) => value === 0).length - 2500)).toBeLessThan(200);
    x.dispose();
  });
});
