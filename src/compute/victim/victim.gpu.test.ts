import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../device/device';
import { cifarResnetOfDepth } from '../nn/cifarResnet';
import { initialState } from '../nn/initialise';
import { traceNetwork } from '../nn/trace';
import { unet } from '../nn/unet';
import { tf } from '../tf';
import { createVictim, type VictimInput } from './victim';

let device: OpenDevice;

beforeAll(async () => {
  device = await openDevice();
});

afterAll(() => device.close());

const bound = cifarResnetOfDepth(18, 2, 5, [8, 8]);
const state = initialState(traceNetwork(bound).tensors, 4);
const input: VictimInput = {
  normalization: { mean: [0.5, 0.25, 0.125], std: [0.5, 0.25, 2] },
  channelOrder: 'RGB',
};
const bgr: VictimInput = { ...input, channelOrder: 'BGR' };
const pixel = (): tf.Tensor4D => tf.tensor4d([0.1, 0.5, 0.9], [1, 1, 1, 3]);

async function take(tensor: tf.Tensor): Promise<number[]> {
  const values = Array.from(await tensor.data());
  tensor.dispose();
  return values;
}

function closeTo(got: readonly number[], want: readonly number[]): void {
  expect(got).toHaveLength(want.length);
  got.forEach((value, i) => expect(value).toBeCloseTo(want[i]!, 6));
}

describe('createVictim', () => {
  it('normalises in the order of the model: RGB as it stands, BGR reversed first', async () => {
    const x = pixel();
    const victim = createVictim(bound, state, input);
    closeTo(await take(tf.tidy(() => victim.normalize(victim.toModelPixels(x)))), [-0.8, 1, 0.3875]);
    victim.dispose();
    const reversed = createVictim(bound, state, bgr);
    closeTo(await take(reversed.toModelPixels(x)), [0.9, 0.5, 0.1]);
    closeTo(await take(tf.tidy(() => reversed.normalize(reversed.toModelPixels(x)))), [0.8, 1, -0.0125]);
    reversed.dispose();
    x.dispose();
  });

  it('classifies pixels as it classifies their normalised form, and is differentiable in them', async () => {
    const victim = createVictim(bound, state, bgr);
    const pixels = tf.randomUniform<tf.Rank.R4>([3, 8, 8, 3], 0, 1, 'float32', 9);
    const direct = victim.forwardPixels(pixels);
    const normalized = tf.tidy(() => victim.normalize(victim.toModelPixels(pixels)));
    const raw = victim.forwardRaw(normalized);
    expect(direct.logits.shape).toEqual([3, 5]);
    expect(direct.features.shape).toEqual([3, 16]);
    expect(await take(direct.logits)).toEqual(await take(raw.logits));
    expect(await take(direct.features)).toEqual(await take(raw.features));

    // d f(reverse(x)) / dx, channel c, is d f / d normalised, channel 2 - c, divided by that channel's std.
    const throughPixels = tf.grad((x: tf.Tensor) => victim.forwardPixels(x as tf.Tensor4D).logits.sum())(
      pixels,
    );
    const throughRaw = tf.grad((x: tf.Tensor) => victim.forwardRaw(x as tf.Tensor4D).logits.sum())(
      normalized,
    );
    const expected = tf.tidy(() => throughRaw.div(tf.tensor1d(input.normalization.std)).reverse(3));
    closeTo(await take(throughPixels), await take(expected));
    victim.dispose();
    tf.dispose([pixels, normalized, throughRaw]);
  });

  it('leaves no tensor behind', () => {
    const before = tf.memory().numTensors;
    for (const settings of [input, bgr]) {
      const victim = createVictim(bound, state, settings);
      const x = tf.zeros<tf.Rank.R4>([1, 8, 8, 3]);
      const { logits, features } = victim.forwardPixels(x);
      tf.dispose([x, logits, features]);
      victim.dispose();
    }
    expect(tf.memory().numTensors).toBe(before);
  });

  it('refuses a transform', () => {
    const transform = unet(1);
    const weights = initialState(traceNetwork(transform).tensors, 1);
    expect(() => createVictim(transform, weights, input)).toThrow(/gives an image, not classes/);
  });
});
