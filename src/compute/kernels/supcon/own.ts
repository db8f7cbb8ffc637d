import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import { supconReference } from '../reference/losses';
import type { OwnKernel } from '../registry';
import { gramMatrix, supconAnchors, supconGradient, supconWeights, type SupconScales } from './kernel';
import { SUPCON, SUPCON_GRADIENT } from './names';

/** The anchors [N, 4] and the weights [N, N] of `supconWeights`, by the registered kernel. */
export function runSupcon(x: tf.Tensor, labels: tf.Tensor, scales: SupconScales): [tf.Tensor2D, tf.Tensor2D] {
  const results = tf.engine().runKernel<tf.Tensor[]>(SUPCON, { x, labels }, { ...scales });
  return results as [tf.Tensor2D, tf.Tensor2D];
}

/** The loss's gradient in x, by the registered kernel. */
export function runSupconGradient(weights: tf.Tensor, x: tf.Tensor): tf.Tensor {
  return tf.engine().runKernel<tf.Tensor>(SUPCON_GRADIENT, { weights, x }, {});
}

const LABELS = [2, 0, 2, 5, 0];
const [COUNT, LENGTH] = [5, 9];

async function checkSupcon(): Promise<number> {
  const images = seededValues(COUNT * LENGTH, 20).map((value) => value + 1);
  const errors: number[] = [];
  for (const views of [1, 2] as const) {
    const scales = { temperature: 0.2, views, normalize: views === 2, scale: 0.25 };
    await poison(COUNT * COUNT, COUNT * 4, COUNT * LENGTH);
    const [anchors, gradient] = tf.tidy(() => {
      const x = tf.tensor2d(images, [COUNT, LENGTH]);
      const [found, weights] = runSupcon(x, tf.tensor1d(LABELS, 'int32'), scales);
      return [found, runSupconGradient(weights, x)] as const;
    });
    const reference = supconReference(images, LABELS, scales, scales.scale);
    const losses = (await anchors.data()).filter((_, i) => i % 4 === 3);
    errors.push(relativeError(losses, reference.losses));
    errors.push(relativeError(await gradient.data(), reference.gradient));
    tf.dispose([anchors, gradient]);
  }
  return Math.max(...errors);
}

async function checkGradient(): Promise<number> {
  const [weights, x] = [seededValues(COUNT * COUNT, 21), seededValues(COUNT * LENGTH, 22)];
  await poison(COUNT * LENGTH);
  const gradient = tf.tidy(() =>
    runSupconGradient(tf.tensor2d(weights, [COUNT, COUNT]), tf.tensor2d(x, [COUNT, LENGTH])),
  );
  const expected = new Float64Array(COUNT * LENGTH);
  for (const at of expected.keys()) {
    const [i, k] = [Math.floor(at / LENGTH), at % LENGTH];
    for (let j = 0; j < COUNT; j++)
      expected[at] = (expected[at] ?? 0) + (weights[i * COUNT + j] ?? 0) * (x[j * LENGTH + k] ?? 0);
  }
  const error = relativeError(await gradient.data(), expected);
  gradient.dispose();
  return error;
}

/** The supervised contrastive loss of every anchor, and what its gradient is made with. */
export const supconKernel: OwnKernel = {
  name: SUPCON,
  run(host, { x, labels }, attrs) {
    if (!x || !labels) return null;
    const scales: SupconScales = {
      temperature: attrs['temperature'] as number,
      views: attrs['views'] === 1 ? 1 : 2,
      normalize: attrs['normalize'] === true,
      scale: attrs['scale'] as number,
    };
    const gram = gramMatrix(host, x);
    const anchors = supconAnchors(host, gram, labels, scales);
    const weights = supconWeights(host, gram, labels, anchors, scales);
    host.disposeData(gram.dataId);
    return [anchors, weights];
  },
  check: checkSupcon,
};

/** Its gradient in the images. */
export const supconGradientKernel: OwnKernel = {
  name: SUPCON_GRADIENT,
  run: (host, { weights, x }) => (weights && x ? supconGradient(host, weights, x) : null),
  check: checkGradient,
};
