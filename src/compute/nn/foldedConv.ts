import { tf } from '../tf';
import type { ConvSpec } from './network';

/** A constant convolution: batch-norm already folded in. */
export interface FoldedWeights {
  /** HWIO. */
  readonly filter: tf.Tensor4D;
  /** [filters]. */
  readonly bias: tf.Tensor1D;
}

function fusedConv(x: tf.Tensor4D, weights: FoldedWeights, spec: ConvSpec, relu: boolean): tf.Tensor4D {
  // The kernel itself: inside a gradient `tf.fused.conv2d` takes the ReLU apart again, and its gradient computes the
  // filter's, which nobody here wants.
  const result = tf.engine().runKernel(
    'FusedConv2D',
    { x, filter: weights.filter, bias: weights.bias },
    {
      strides: [spec.stride, spec.stride],
      pad: spec.pad,
      dataFormat: 'NHWC',
      dilations: [1, 1],
      activation: relu ? 'relu' : 'linear',
      leakyreluAlpha: 0,
    },
  );
  return result as tf.Tensor as tf.Tensor4D;
}

/**
 * Convolution with constant weights, its bias, then the sum with `residual` where given, then ReLU where `relu`, as
 * one operation that is differentiable in x and in the residual, and whose gradient keeps nothing but the output's
 * sign. NHWC; the result belongs to the caller's tidy.
 */
export function foldedConv(
  x: tf.Tensor4D,
  weights: FoldedWeights,
  spec: ConvSpec,
  then: { readonly relu: boolean; readonly residual?: tf.Tensor4D },
): tf.Tensor4D {
  const { relu, residual } = then;
  const operation = tf.customGrad<tf.Tensor4D>((...inputs) => {
    const save = inputs[inputs.length - 1] as (tensors: tf.Tensor[]) => void;
    const convolved = fusedConv(x, weights, spec, relu && residual === undefined);
    const sum = residual === undefined ? convolved : tf.add<tf.Tensor4D>(convolved, residual);
    const value = relu && residual !== undefined ? tf.relu(sum) : sum;
    if (relu) save([value]);
    const gradFunc = (dy: tf.Tensor4D, saved: tf.Tensor[]): tf.Tensor[] => {
      const [output] = saved;
      const cut = output === undefined ? dy.clone() : tf.mul<tf.Tensor4D>(dy, tf.step(output));
      const dx = tf.conv2dTranspose(cut, weights.filter, x.shape, spec.stride, spec.pad);
      if (residual !== undefined) return [dx, cut];
      cut.dispose();
      return [dx];
    };
    return { value, gradFunc };
  });
  return residual === undefined ? operation(x) : operation(x, residual);
}
