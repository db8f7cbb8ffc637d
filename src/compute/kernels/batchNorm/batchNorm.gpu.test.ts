import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../../tests/setup/ownKernels';
import { tf } from '../../tf';
import { batchNormReference } from '../reference/batchNorm';
import { poison, relativeError, seededValues } from '../reference/check';
import { batchNormTrain, MEAN_ROW, VARIANCE_ROW } from './batchNorm';

const gpu = ownKernels();

type Shape = [number, number, number, number];
const EPSILON = 1e-5;

/** Errors of y, mean, variance, dx, dGamma, dBeta against float64. */
async function errors(shape: Shape, relu: boolean, offset: number): Promise<number[]> {
  const size = tf.util.sizeFromShape(shape);
  const channels = shape[3];
  const [xs, gs] = [seededValues(size, 1).map((value) => value + offset), seededValues(size, 2)];
  const [gammas, betas] = [seededValues(channels, 3), seededValues(channels, 4)];
  const reference = batchNormReference(xs, gammas, betas, gs, EPSILON, relu);
  await poison(size, channels * 6, channels * 2, channels);
  const results = tf.tidy(() => {
    const [x, dy] = [tf.tensor4d(xs, shape), tf.tensor4d(gs, shape)];
    const [gamma, beta] = [tf.tensor1d(gammas), tf.tensor1d(betas)];
    const bias = tf.fill<tf.Rank.R1>([channels], 0.5);
    const { y, statistics } = batchNormTrain(x, gamma, beta, EPSILON, relu, bias);
    const row = (r: number) => tf.slice(statistics, [r, 0], [1, channels]);
    const [mean, variance] = [tf.sub(row(MEAN_ROW), bias), row(VARIANCE_ROW)];
    const f = (a: tf.Tensor, b: tf.Tensor, c: tf.Tensor): tf.Tensor =>
      batchNormTrain(a as tf.Tensor4D, b as tf.Tensor1D, c as tf.Tensor1D, EPSILON, relu).y;
    return [y, mean, variance, ...tf.grads(f)([x, gamma, beta], dy)];
  });
  const { y, mean, variance, dx, dGamma, dBeta } = reference;
  const expected = [y, mean, variance, dx, dGamma, dBeta];
  const found = await Promise.all(
    results.map(async (result, i) => relativeError(await result.data(), expected[i]!)),
  );
  tf.dispose(results);
  return found;
}

const shapes: Shape[] = [
  [1, 3, 5, 1],
  [2, 7, 5, 3],
  [4, 8, 8, 8],
  [8, 16, 16, 6],
  [8, 16, 16, 16],
];

describe('batchNormTrain', () => {
  for (const shape of shapes) {
    for (const relu of [false, true]) {
      it(`matches float64 at ${shape.join('x')}${relu ? ' with ReLU' : ''}`, async () => {
        for (const error of await errors(shape, relu, 0)) expect(error).toBeLessThan(1e-5);
        expect(gpu.problems).toEqual([]);
      });
    }
  }

  it('keeps the variance where the mean is a hundred times the spread', async () => {
    const [, , variance] = await errors([8, 16, 16, 8], false, 100);
    expect(variance).toBeLessThan(1e-5);
  });

  it('gives the same through tfjs primitives where the kernels are not installed', async () => {
    await gpu.withStock(async () => {
      for (const error of await errors([2, 7, 5, 3], true, 0)) expect(error).toBeLessThan(1e-5);
    });
  });

  it('keeps no tensors', () => {
    const x = tf.ones<tf.Rank.R4>([2, 4, 4, 8]);
    const [gamma, beta] = [tf.ones<tf.Rank.R1>([8]), tf.zeros<tf.Rank.R1>([8])];
    const before = [tf.memory().numTensors, gpu.open.backend.numDataIds()];
    const { y, statistics } = batchNormTrain(x, gamma, beta, EPSILON, true);
    tf.dispose([y, statistics]);
    const f = (input: tf.Tensor): tf.Tensor =>
      batchNormTrain(input as tf.Tensor4D, gamma, beta, EPSILON, true).y;
    tf.grad(f)(x).dispose();
    expect([tf.memory().numTensors, gpu.open.backend.numDataIds()]).toEqual(before);
  });
});
