import { tf } from '../../tf';
import type { Activation } from '../network';

/** x Φ(x), the exact GELU, with its closed gradient Φ(x) + x φ(x). */
function gelu(x: tf.Tensor): tf.Tensor {
  const cumulative = (of: tf.Tensor): tf.Tensor => tf.mul(tf.add(tf.erf(tf.mul(of, Math.SQRT1_2)), 1), 0.5);
  const operation = tf.customGrad<tf.Tensor>((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.mul(input, cumulative(input)),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const at = saved[0] as tf.Tensor;
        const density = tf.mul(tf.exp(tf.mul(tf.square(at), -0.5)), 1 / Math.sqrt(2 * Math.PI));
        return tf.mul(dy, tf.add(cumulative(at), tf.mul(at, density)));
      },
    };
  });
  return operation(x);
}

/** An activation over any shape; differentiable. */
export function activate(x: tf.Tensor, kind: Activation): tf.Tensor {
  if (kind === 'gelu') return gelu(x);
  return kind === 'relu' ? tf.relu(x) : tf.relu6(x);
}
