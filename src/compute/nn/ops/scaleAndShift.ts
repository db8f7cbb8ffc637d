import { tf } from '../../tf';

/** relu?(x scale + shift) by channel with constants, [C] each; differentiable in x. */
export function scaleAndShift(
  x: tf.Tensor,
  scale: tf.Tensor1D,
  shift: tf.Tensor1D,
  relu: boolean,
): tf.Tensor {
  const operation = tf.customGrad<tf.Tensor>((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const y = tf.add(tf.mul(input, scale), shift);
    const value = relu ? tf.relu(y) : y;
    save(relu ? [value] : []);
    return {
      value,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [kept] = saved;
        return tf.mul(kept === undefined ? dy : tf.mul(dy, tf.step(kept)), scale);
      },
    };
  });
  return operation(x);
}
