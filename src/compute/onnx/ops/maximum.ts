import { tf } from '../../tf';

/**
 * The largest along `axes`. Where several are the largest, the gradient is shared among them evenly, as PyTorch does; tfjs would give each
 * the whole of it.
 */
export function maximum(x: tf.Tensor, axes: number[], keep: boolean): tf.Tensor {
  const operation = tf.customGrad<tf.Tensor>((...args) => {
    const [input, save] = args as unknown as [tf.Tensor, tf.GradSaveFunc];
    const largest = tf.max(input, axes, true);
    save([input, largest]);
    return {
      value: largest,
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) => {
        const [from, top] = saved as [tf.Tensor, tf.Tensor];
        const among = tf.sub(1, tf.step(tf.sub(top, from)));
        return tf.mul(among, tf.div(dy, tf.sum(among, axes, true)));
      },
    };
  });
  const kept = operation(x);
  if (keep) return kept;
  return tf.reshape(
    kept,
    kept.shape.filter((_, axis) => !axes.includes(axis)),
  );
}
