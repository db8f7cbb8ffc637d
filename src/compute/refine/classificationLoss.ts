import { tf } from '../tf';

/** The smallest normal float32: below it GPUs may flush to zero, whose logarithm is -infinity. */
const TINY = 1.1754943508222875e-38;
/** `nn.BCELoss` clamps its logarithms here. */
const LOG_FLOOR = -100;
/** `nn.BCELoss` clamps the denominator of its gradient here. */
const BCE_EPSILON = 1e-12;

function clampedLog(x: tf.Tensor): tf.Tensor {
  const floor = tf.scalar(LOG_FLOOR);
  return tf.where(tf.greaterEqual(x, TINY), tf.maximum(tf.log(tf.maximum(x, TINY)), floor), floor);
}

/**
 * `BCELoss(softmax(logits), targets)` of the official code (METHODS 1.4): mean over N·K, logarithms clamped at -100.
 * The gradient is PyTorch's closed form, (p - y) / max(p(1 - p), 1e-12), through the softmax.
 *
 * @param logits [N, K]; @param targets one-hot [N, K] in the same class order, constant. The caller disposes the scalar.
 */
export function binaryCrossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  const loss = tf.customGrad((x, save) => {
    const p = tf.softmax(x as tf.Tensor2D);
    (save as tf.GradSaveFunc)([p, targets]);
    const rest = tf.sub(1, targets);
    const logLikelihood = tf.add(tf.mul(targets, clampedLog(p)), tf.mul(rest, clampedLog(tf.sub(1, p))));
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [q, y] = saved as [tf.Tensor2D, tf.Tensor2D];
      const slope = tf.div(tf.sub(q, y), tf.maximum(tf.mul(tf.sub(1, q), q), BCE_EPSILON));
      const centred = tf.sub(slope, tf.sum(tf.mul(slope, q), 1, true));
      return tf.mul(tf.mul(q, centred), tf.div(dy, q.size));
    };
    return { value: tf.neg(tf.mean(logLikelihood)), gradFunc };
  });
  return loss(logits) as tf.Scalar;
}

/**
 * Categorical cross-entropy of Eq. 7, -1/N Σ y log softmax(logits), through the log-softmax.
 * @param logits [N, K]; @param targets one-hot [N, K], constant. The caller disposes the scalar.
 */
export function crossEntropy(logits: tf.Tensor2D, targets: tf.Tensor2D): tf.Scalar {
  const loss = tf.customGrad((x, save) => {
    const logP = tf.logSoftmax(x as tf.Tensor2D);
    (save as tf.GradSaveFunc)([logP, targets]);
    const count = logits.shape[0];
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [q, y] = saved as [tf.Tensor2D, tf.Tensor2D];
      return tf.mul(tf.sub(tf.exp(q), y), tf.div(dy, count));
    };
    return { value: tf.div(tf.neg(tf.sum(tf.mul(targets, logP))), count), gradFunc };
  });
  return loss(logits) as tf.Scalar;
}
