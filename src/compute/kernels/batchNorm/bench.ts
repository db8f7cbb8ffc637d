import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { batchNormTrain } from './batchNorm';

const EPSILON = 1e-5;
const SHAPES = [
  [32, 32],
  [16, 16],
  [32, 64],
] as const;

/** Train-mode batch-norm with ReLU, forward and with its gradients. */
export function batchNormCases(batch: number): readonly KernelCase[] {
  return SHAPES.flatMap(([side, channels]) => {
    const x = [batch, side, side, channels];
    const size = tf.util.sizeFromShape(x);
    const shape = `batch ${batch}, ${side}x${side}, ${channels} channels`;
    const forward = (...[input, gamma, beta]: tf.Tensor[]): tf.Tensor =>
      batchNormTrain(input as tf.Tensor4D, gamma as tf.Tensor1D, beta as tf.Tensor1D, EPSILON, true).y;
    const operands = [x, [channels], [channels]];
    return [
      // x is read for the statistics and again to be normalised.
      {
        kernel: 'batchNorm, forward',
        shape,
        flops: 0,
        bytes: floatBytes(3 * size),
        setUp: onTensors(operands, forward),
      },
      {
        kernel: 'batchNorm, forward and backward',
        shape,
        flops: 0,
        bytes: floatBytes(8 * size),
        setUp: onTensors([...operands, x], (input, gamma, beta, dy) =>
          tf.grads(forward)([input, gamma, beta] as tf.Tensor[], dy),
        ),
      },
    ];
  });
}
