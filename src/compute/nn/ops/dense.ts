import { tf } from '../../tf';

/**
 * tfjs's split-K product with a transposed right operand gives wrong numbers in the WebGPU backend (4.22); it is
 * chosen from this inner size on.
 */
const SPLIT_K = 2000;

/** a bᵀ. */
function timesTransposed(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return a.shape[1] < SPLIT_K ? tf.matMul(a, b, false, true) : tf.matMul(a, tf.transpose(b));
}

/** aᵀ b. */
function transposedTimes(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return a.shape[0] < SPLIT_K ? tf.matMul(a, b, true, false) : tf.matMul(tf.transpose(a), b);
}

/** a b for rank 2, differentiable in both. */
export function product(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const operation = tf.customGrad<tf.Tensor2D>((...args) => {
    const [left, right, save] = args as unknown as [tf.Tensor2D, tf.Tensor2D, tf.GradSaveFunc];
    save([left, right]);
    return {
      value: tf.matMul(left, right),
      gradFunc: (dy: tf.Tensor2D, saved: tf.Tensor[]) => {
        const [l, r] = saved as [tf.Tensor2D, tf.Tensor2D];
        return [timesTransposed(dy, r), transposedTimes(l, dy)];
      },
    };
  });
  return operation(a, b);
}

/** a b for rank 2, differentiable in `a` only: `b` is a constant that outlives the gradient. */
export function productWithConstant(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  const operation = tf.customGrad<tf.Tensor2D>((left) => ({
    value: tf.matMul(left as tf.Tensor2D, b),
    gradFunc: (dy: tf.Tensor2D) => timesTransposed(dy, b),
  }));
  return operation(a);
}

/**
 * A linear layer on the last axis: x W + b.
 *
 * @param x [..., in]; @param weight [in, out]; @param bias [out] or null.
 * @param learned whether weight and bias are variables, which need a gradient.
 */
export function dense(
  x: tf.Tensor,
  weight: tf.Tensor2D,
  bias: tf.Tensor | null,
  learned: boolean,
): tf.Tensor {
  const [inputs, outputs] = weight.shape;
  const rows: tf.Tensor2D = tf.reshape(x, [x.size / inputs, inputs]);
  const y = learned ? product(rows, weight) : productWithConstant(rows, weight);
  const sum = bias === null ? y : tf.add(y, bias);
  return tf.reshape(sum, [...x.shape.slice(0, -1), outputs]);
}
