import { tf } from '../tf';
import { inverseMap } from './labelMap';

/**
 * The output mapping M (Eq. 4) as the official code scatters it: out[i, map[j]] = probabilities[i, j], written as a
 * gather with the inverse permutation. Differentiable.
 *
 * @param probabilities [N, K]; @param map a permutation of length K. The caller disposes the result, [N, K].
 */
export function remapProbabilities(probabilities: tf.Tensor2D, map: readonly number[]): tf.Tensor2D {
  return tf.tidy(() => tf.gather<tf.Tensor2D>(probabilities, tf.tensor1d(inverseMap(map), 'int32'), 1));
}

/**
 * One-hot targets in the victim's own classes for pseudo-labels in the person's: row i is 1 at map⁻¹[labels[i]].
 * Comparing softmax(victim) with these equals comparing the remapped softmax with onehot(labels), because both losses
 * are sums over classes, and it spares the permutation of every output and of its gradient.
 *
 * @param labels int32 [N]; @param inverse `inverseMap(map)` as an int32 tensor [K]. The caller disposes, float32 [N, K].
 */
export function remappedTargets(labels: tf.Tensor1D, inverse: tf.Tensor1D): tf.Tensor2D {
  return tf.tidy(() => tf.oneHot(tf.gather(inverse, labels), inverse.size, 1, 0, 'float32') as tf.Tensor2D);
}
