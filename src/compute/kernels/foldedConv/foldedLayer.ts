import { tf } from '../../tf';
import type { Rectifier } from '../conv2d/epilogue';

/** A ReLU whose gradient is taken along: zero where its output is not above zero, and with `six` not below six. */
export interface Gate {
  readonly output: tf.Tensor4D;
  readonly six: boolean;
}

/**
 * A convolution with constant weights, batch-norm folded in. Nothing here is differentiable by tfjs: whoever composes
 * such layers takes their gradients with `inputGradient`. Results belong to the caller's tidy.
 */
export interface FoldedLayer {
  /** relu?(conv(x) + bias + residual?), NHWC. */
  forward(x: tf.Tensor4D, residual: tf.Tensor4D | null, relu: Rectifier): tf.Tensor4D;
  /**
   * The gradient in the input, [N,H,W,Ci] = `inputShape`, plus `addend`, through `gate`: the input's other gradients and the
   * ReLU it came from cost no pass of their own.
   */
  inputGradient(
    dy: tf.Tensor4D,
    inputShape: [number, number, number, number],
    addend: tf.Tensor4D | null,
    gate: Gate | null,
  ): tf.Tensor4D;
  /** Disposes what was made of the weights, not the weights. */
  dispose(): void;
}

/** The rectifier by tfjs's own ops. */
export function rectify(x: tf.Tensor4D, relu: Rectifier): tf.Tensor4D {
  if (relu === 6) return tf.relu6(x);
  return relu ? tf.relu(x) : x;
}

/** The gate's gradient by tfjs's own ops. */
export function throughGate(gradient: tf.Tensor4D, gate: Gate | null): tf.Tensor4D {
  if (gate === null) return gradient;
  const open = tf.mul<tf.Tensor4D>(gradient, tf.step(gate.output));
  return gate.six ? tf.mul(open, tf.step(tf.sub(6, gate.output))) : open;
}
