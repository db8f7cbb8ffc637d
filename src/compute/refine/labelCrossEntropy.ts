import { CLASSIFICATION } from '../kernels/classificationLoss/names';
import { runClassification } from '../kernels/classificationLoss/own';
import { hostOf } from '../kernels/registry';
import { tf } from '../tf';
import { crossEntropy } from './classificationLoss';
import { remappedTargets } from './remap';

/**
 * Categorical cross-entropy of labels, -1/N Σ log softmax(logits)[inverse[label]], differentiable once in the logits: with our
 * kernel where it is on, without one-hot targets; by tfjs's ops otherwise.
 *
 * @param logits [N, K]; @param labels int32 [N]; @param inverse int32 [K], `classesAsTheyAre` where labels are the logits' own.
 * The caller disposes the scalar.
 */
export function labelCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D, inverse: tf.Tensor1D): tf.Scalar {
  if (!hostOf(CLASSIFICATION)) return crossEntropy(logits, remappedTargets(labels, inverse));
  const loss = tf.customGrad<tf.Scalar>((...args) => {
    const [scores, save] = args as unknown as [tf.Tensor2D, tf.GradSaveFunc];
    const [likelihoods, slope] = runClassification(scores, labels, inverse, 'ce');
    save([slope]);
    return {
      value: tf.neg(tf.mean<tf.Scalar>(likelihoods)),
      gradFunc: (dy: tf.Tensor, [saved]: tf.Tensor[]) => tf.mul(saved ?? slope, dy),
    };
  });
  return loss(logits);
}

/** The map of labels that leaves them as they are, int32 [classes]. The caller disposes. */
export function classesAsTheyAre(classes: number): tf.Tensor1D {
  return tf.range(0, classes, 1, 'int32');
}
