import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import fixture from '../../../tests/fixtures/parity/losses.json';
import { PURPOSE, RandomStream } from '../../data/random';
import { openDevice, type OpenDevice } from '../device/device';
import { tf } from '../tf';
import { binaryCrossEntropy, crossEntropy } from './classificationLoss';
import { inverseMap } from './labelMap';
import { remapProbabilities, remappedTargets } from './remap';
import { supconLoss } from './supconLoss';

let open: OpenDevice;
beforeAll(async () => {
  open = await openDevice();
  // Small tensors would otherwise be computed on the CPU.
  tf.env().set('WEBGPU_CPU_FORWARD', false);
});
afterAll(() => open.close());

/** Largest error, relative to the largest value. */
function error(ours: ArrayLike<number>, theirs: readonly number[]): number {
  const scale = Math.max(...theirs.map(Math.abs), 1e-30);
  return Math.max(...theirs.map((value, i) => Math.abs(ours[i]! - value))) / scale;
}

async function lossAndGradient(x: tf.Tensor, loss: (x: tf.Tensor) => tf.Scalar) {
  const { value, grad } = tf.valueAndGrad((input: tf.Tensor) => loss(input))(x);
  const result = { loss: (await value.data())[0]!, gradient: await grad.data() };
  tf.dispose([value, grad]);
  return result;
}

describe('classification losses on remapped probabilities', () => {
  it.each(fixture.classification)('match nn.BCELoss and cross-entropy: $name', async (kase) => {
    const before = tf.memory().numTensors;
    const logits = tf.tensor2d(kase.logits, [6, 5]);
    const labels = tf.tensor1d(kase.labels, 'int32');
    const inverse = tf.tensor1d(inverseMap(kase.map), 'int32');
    const targets = remappedTargets(labels, inverse);
    for (const [kind, loss] of [
      ['bce', binaryCrossEntropy],
      ['ce', crossEntropy],
    ] as const) {
      const ours = await lossAndGradient(logits, (x) => loss(x as tf.Tensor2D, targets));
      expect(Math.abs(ours.loss / kase[kind].loss - 1), kind).toBeLessThan(1e-5);
      expect(error(ours.gradient, kase[kind].gradient), kind).toBeLessThan(1e-5);
    }
    tf.dispose([logits, labels, inverse, targets]);
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('remapProbabilities', () => {
  it.each(fixture.classification)('scatters as the official code: $name', async (kase) => {
    const out = tf.tidy(() => remapProbabilities(tf.softmax(tf.tensor2d(kase.logits, [6, 5])), kase.map));
    expect(error(await out.data(), kase.remapped)).toBeLessThan(1e-5);
    out.dispose();
  });

  it('sends gradients back through the permutation', async () => {
    const map = [3, 0, 4, 2, 1];
    const x = tf.tensor2d([[0.1, 0.2, 0.3, 0.4, 0.5]]);
    const weights = tf.tensor2d([[1, 2, 3, 4, 5]]);
    const gradient = tf.grad((p) => tf.sum(tf.mul(remapProbabilities(p as tf.Tensor2D, map), weights)))(x);
    expect([...(await gradient.data())]).toEqual(map.map((label) => label + 1));
    tf.dispose([x, weights, gradient]);
  });
});

/** The loss on two normalised copies of the batch, in float64, from its definition. */
function twoViewLoss(
  images: ArrayLike<number>,
  classes: Int32Array,
  size: number,
  temperature: number,
): number {
  const count = classes.length;
  const unit = Array.from({ length: count }, (_, i) => {
    const image = Float64Array.from({ length: size }, (_value, k) => images[i * size + k]!);
    const norm = Math.hypot(...image);
    return image.map((value) => value / norm);
  });
  const dot = unit.map((a) =>
    unit.map((b) => a.reduce((sum, value, k) => sum + value * b[k]!, 0) / temperature),
  );
  let total = 0;
  for (let i = 0; i < count; i++) {
    let denominator = 0;
    let positives = 0;
    let attraction = 0;
    for (let other = 0; other < 2 * count; other++) {
      if (other === i) continue;
      const s = dot[i]![other % count]!;
      denominator += Math.exp(s);
      if (classes[i] !== classes[other % count]) continue;
      positives += 1;
      attraction += s;
    }
    total += Math.log(denominator) - attraction / positives;
  }
  return total / count;
}

describe('supconLoss', () => {
  const { shape, labels, cases } = fixture.supcon;
  it.each(cases)(
    'matches the full matrix of $views view(s), normalize $normalize, $reduction',
    async ({ loss, gradient, temperature, views, normalize, reduction }) => {
      const before = tf.memory().numTensors;
      const images = tf.tensor(normalize ? fixture.supcon.images : fixture.supcon.small, shape);
      const classes = tf.tensor1d(labels, 'int32');
      const ours = await lossAndGradient(images, (x) =>
        supconLoss(x, classes, {
          temperature,
          normalize,
          views: views === 1 ? 1 : 2,
          reduction: reduction === 'mean' ? 'mean' : 'sum',
        }),
      );
      expect(Math.abs(ours.loss / loss - 1)).toBeLessThan(1e-5);
      expect(error(ours.gradient, gradient)).toBeLessThan(1e-5);
      tf.dispose([images, classes]);
      expect(tf.memory().numTensors).toBe(before);
    },
  );

  it.each([16, 32, 64])('matches float64 on %i images of 32x32', async (count) => {
    const side = 32;
    const size = side * side * 3;
    const random = new RandomStream(count, PURPOSE.sample);
    const values = Float32Array.from({ length: count * size }, () => random.uniform());
    const classes = Int32Array.from({ length: count }, () => random.below(10));
    const images = tf.tensor(values, [count, side, side, 3]);
    const labelTensor = tf.tensor1d(classes, 'int32');
    const ours = await lossAndGradient(images, (x) =>
      supconLoss(x, labelTensor, { temperature: 0.07, views: 2, normalize: true, reduction: 'mean' }),
    );
    const exact = (x: ArrayLike<number>) => twoViewLoss(x, classes, size, 0.07);
    expect(Math.abs(ours.loss / exact(values) - 1)).toBeLessThan(1e-5);
    // The slope along a random direction, by central differences in float64.
    const direction = Float64Array.from(values, () => random.normal());
    const at = (h: number) => exact(Float64Array.from(values, (value, i) => value + h * direction[i]!));
    const slope = direction.reduce((sum, value, i) => sum + value * ours.gradient[i]!, 0);
    expect(Math.abs(slope / ((at(1e-5) - at(-1e-5)) / 2e-5) - 1)).toBeLessThan(1e-3);
    tf.dispose([images, labelTensor]);
  });

  it('is log(2N - 1) where all features have collapsed, and finite for one lone image', async () => {
    const collapsed = tf.tidy(() =>
      supconLoss(tf.ones([8, 4]), tf.zeros([8], 'int32'), {
        temperature: 0.07,
        views: 2,
        normalize: true,
        reduction: 'mean',
      }),
    );
    expect((await collapsed.data())[0]).toBeCloseTo(Math.log(15), 5);
    const lone = tf.tidy(() =>
      supconLoss(tf.ones([1, 4]), tf.zeros([1], 'int32'), {
        temperature: 0.07,
        views: 1,
        normalize: false,
        reduction: 'mean',
      }),
    );
    expect((await lone.data())[0]).toBe(0);
    tf.dispose([collapsed, lone]);
  });
});
