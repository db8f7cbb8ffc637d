import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import { classificationReference } from '../reference/losses';
import type { OwnKernel } from '../registry';
import {
  classificationGradient,
  logLikelihoods,
  lossCount,
  type ClassificationInputs,
  type ClassificationKind,
} from './kernel';
import { lossSums } from './losses';
import { CLASSIFICATION, LOSSES } from './names';

/** The log-likelihoods [N] and the gradient of the mean loss in the logits [N, K], by the registered kernel. */
export function runClassification(
  logits: tf.Tensor,
  labels: tf.Tensor,
  inverse: tf.Tensor,
  kind: ClassificationKind,
): [tf.Tensor1D, tf.Tensor2D] {
  const results = tf.engine().runKernel<tf.Tensor[]>(CLASSIFICATION, { logits, labels, inverse }, { kind });
  return results as [tf.Tensor1D, tf.Tensor2D];
}

const [ROWS, CLASSES] = [5, 7];
const LABELS = [3, 0, 3, 6, 1];
const INVERSE = [2, 4, 0, 6, 1, 3, 5];

async function checkClassification(): Promise<number> {
  const logits = seededValues(ROWS * CLASSES, 19).map((value) => 3 * value);
  const targets = LABELS.map((label) => INVERSE[label] ?? 0);
  const errors: number[] = [];
  for (const kind of ['bce', 'ce'] as const) {
    await poison(ROWS * CLASSES, ROWS);
    const [likelihoods, gradient] = tf.tidy(() =>
      runClassification(
        tf.tensor2d(logits, [ROWS, CLASSES]),
        tf.tensor1d(LABELS, 'int32'),
        tf.tensor1d(INVERSE, 'int32'),
        kind,
      ),
    );
    const reference = classificationReference(logits, targets, CLASSES, kind);
    const sum = (await likelihoods.data<'float32'>()).reduce((total, value) => total + value, 0);
    errors.push(relativeError([-sum / lossCount(kind, ROWS, CLASSES)], [reference.loss]));
    errors.push(relativeError(await gradient.data(), reference.gradient));
    tf.dispose([likelihoods, gradient]);
  }
  return Math.max(...errors);
}

async function checkSums(): Promise<number> {
  const [likelihoods, anchors] = [seededValues(70, 23), seededValues(280, 24)];
  const sum = (values: Float32Array): number => values.reduce((total, value) => total + value, 0);
  await poison(3);
  const result = tf.tidy(() =>
    tf
      .engine()
      .runKernel<tf.Tensor>(
        LOSSES,
        { likelihoods: tf.tensor1d(likelihoods), anchors: tf.tensor2d(anchors, [70, 4]) },
        { likelihoodScale: -0.5, anchorScale: 2, weight: 0.1 },
      ),
  );
  const classification = -0.5 * sum(likelihoods);
  const supcon = 2 * sum(anchors.filter((_, i) => i % 4 === 3));
  const error = relativeError(await result.data(), [classification + 0.1 * supcon, classification, supcon]);
  result.dispose();
  return error;
}

/** Softmax, label remapping and either classification loss, with the gradient. */
export const classificationKernel: OwnKernel = {
  name: CLASSIFICATION,
  run(host, { logits, labels, inverse }, attrs) {
    if (!logits || !labels || !inverse) return null;
    const inputs: ClassificationInputs = { logits, labels, inverse };
    const kind = attrs['kind'] === 'ce' ? 'ce' : 'bce';
    return [logLikelihoods(host, inputs, kind), classificationGradient(host, inputs, kind)];
  },
  check: checkClassification,
};

/** [total, classification, supcon]. */
export const lossSumsKernel: OwnKernel = {
  name: LOSSES,
  run: (host, { likelihoods, anchors }, attrs) =>
    likelihoods && anchors
      ? lossSums(host, likelihoods, anchors, {
          likelihoods: attrs['likelihoodScale'] as number,
          anchors: attrs['anchorScale'] as number,
          weight: attrs['weight'] as number,
        })
      : null,
  check: checkSums,
};
