import { tf } from '../../tf';
import { batchNormReference, type BatchNormReference } from '../reference/batchNorm';
import { poison, relativeError, seededValues } from '../reference/check';
import type { OwnKernel } from '../registry';
import { batchNormTrain } from './batchNorm';
import { batchNormGradient, batchNormNormalize, batchNormStatistics } from './kernel';
import { GRADIENT, NORMALIZE, STATISTICS } from './names';

const SHAPE: [number, number, number, number] = [3, 5, 9, 8];
const SIZE = 1080;
const EPSILON = 1e-5;

/** Runs forward and backward once and returns what `pick` names, with the reference. */
async function checked(pick: 'variance' | 'y' | 'dx'): Promise<number> {
  const [xs, gs] = [seededValues(SIZE, 6).map((value) => value + 3), seededValues(SIZE, 7)];
  const [gammas, betas] = [seededValues(8, 8), seededValues(8, 9)];
  const reference: BatchNormReference = batchNormReference(xs, gammas, betas, gs, EPSILON, true);
  await poison(SIZE, 48, 16);
  const result = tf.tidy(() => {
    const x = tf.tensor4d(xs, SHAPE);
    const [gamma, beta] = [tf.tensor1d(gammas), tf.tensor1d(betas)];
    if (pick !== 'dx') {
      const { y, statistics } = batchNormTrain(x, gamma, beta, EPSILON, true);
      return pick === 'y' ? y : tf.slice(statistics, [1, 0], [1, 8]).flatten();
    }
    const f = (input: tf.Tensor): tf.Tensor =>
      batchNormTrain(input as tf.Tensor4D, gamma, beta, EPSILON, true).y;
    return tf.grad(f)(x, tf.tensor4d(gs, SHAPE));
  });
  const values = await result.data();
  result.dispose();
  return relativeError(values, reference[pick]);
}

/** Batch statistics, for `batchNormTrain`. */
export const batchNormStatisticsKernel: OwnKernel = {
  name: STATISTICS,
  run: (host, { x, gamma, beta, bias }, attrs) =>
    x && gamma && beta ? batchNormStatistics(host, x, gamma, beta, bias, attrs['epsilon'] as number) : null,
  check: () => checked('variance'),
};

/** Normalisation and ReLU, for `batchNormTrain`. */
export const batchNormNormalizeKernel: OwnKernel = {
  name: NORMALIZE,
  run: (host, { x, stats }, attrs) =>
    x && stats ? batchNormNormalize(host, x, stats, attrs['relu'] === true) : null,
  check: () => checked('y'),
};

/** The gradient of `batchNormTrain`. */
export const batchNormGradientKernel: OwnKernel = {
  name: GRADIENT,
  run(host, { dy, x, stats }, attrs) {
    if (!dy || !x || !stats) return null;
    const { dx, dBeta, dGamma } = batchNormGradient(
      host,
      dy,
      x,
      stats,
      attrs['epsilon'] as number,
      attrs['relu'] === true,
    );
    const shape = [stats.shape[1] ?? 0];
    return [dx, { ...dGamma, shape }, { ...dBeta, shape }];
  },
  check: () => checked('dx'),
};
