import { afterAll, beforeAll, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../../device/device';
import { cifarResnetOfDepth } from '../../nn/cifarResnet';
import { initialState } from '../../nn/initialise';
import { traceNetwork } from '../../nn/trace';
import { tf } from '../../tf';
import { createVictim, type Victim } from '../../victim/victim';
import { installKernels } from '../install';
import { relativeError } from '../reference/check';
import { setTileChoice, uniformChoice, type TileChoice } from '../tuning/choice';

let open: OpenDevice;
beforeAll(async () => {
  open = await openDevice();
});
afterAll(() => open.close());

/** Logits of a batch, and the gradient of their cross-entropy in the pixels. */
async function outcome(victim: Victim, choice: TileChoice): Promise<Float32Array[]> {
  setTileChoice(open.backend, choice);
  const pixels = tf.randomUniform<tf.Rank.R4>([4, 32, 32, 3], 0, 1, 'float32', 9);
  const labels = tf.oneHot(tf.tensor1d([1, 3, 5, 7], 'int32'), 10);
  const { logits, features } = victim.forwardPixels(pixels);
  const gradient = tf.grad((x: tf.Tensor) =>
    tf.losses.softmaxCrossEntropy(labels, victim.forwardPixels(x as tf.Tensor4D).logits),
  )(pixels);
  const values = [(await logits.data()) as Float32Array, (await gradient.data()) as Float32Array];
  tf.dispose([pixels, labels, logits, features, gradient]);
  return values;
}

it('a frozen ResNet-18 of width 16: what tiles, and float16 storage, change', async () => {
  const installed = installKernels(open.backend);
  const bound = cifarResnetOfDepth(18, 16, 10);
  const victim = createVictim(bound, initialState(traceNetwork(bound).tensors, 4), {
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    channelOrder: 'RGB',
  });
  const register = await outcome(victim, uniformChoice('register'));
  const tiled = await outcome(victim, uniformChoice('small'));
  const half = await outcome(victim, uniformChoice('small', { precision: 'f16-storage' }));
  const errors = [tiled, half].map((values) =>
    values.map((value, i) => relativeError(value, register[i]!)),
  ) as [[number, number], [number, number]];
  console.log('logits, input gradient; f32 tiles, f16 storage:', JSON.stringify(errors));
  const [[logits, gradient], [halfLogits, halfGradient]] = errors;
  expect(logits).toBeLessThan(1e-5);
  // A ReLU that flips moves a gradient more than rounding does.
  expect(gradient).toBeLessThan(1e-2);
  if (open.device.features.has('shader-f16')) {
    expect(halfLogits).toBeGreaterThan(10 * logits);
    expect(halfLogits).toBeLessThan(5e-3);
    expect(halfGradient).toBeLessThan(0.2);
  }
  victim.dispose();
  installed.uninstall();
});
