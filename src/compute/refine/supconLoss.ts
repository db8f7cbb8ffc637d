import { tf } from '../tf';

/** How the supervised contrastive loss is computed; the recipes' defaults are in `recipeDefaults`. */
export interface SupconOptions {
  readonly temperature: number;
  /** 2: every image twice, the official code's two identical views. 1: Eq. 8. */
  readonly views: 1 | 2;
  /** Whether the flattened images are scaled to length 1. */
  readonly normalize: boolean;
  /** Over the anchors (views·N of them); an anchor without positives counts 0. */
  readonly reduction: 'mean' | 'sum';
}

/** `F.normalize`'s epsilon. */
const NORM_EPSILON = 1e-12;
const TINY = 1.1754943508222875e-38;
const HUGE = 1e30;

interface Similarities {
  readonly value: tf.Scalar;
  /** ∂loss/∂(z zᵀ/τ), symmetrised, [N, N]. */
  readonly slope: tf.Tensor2D;
}

/**
 * The loss on the N x N similarities. Two identical views need no 2N x 2N matrix: both copies of anchor i see the other
 * copy of themselves once and every other image twice, so pair (i, j) has weight w = views - [i = j], and
 *
 *     l_i = log Σ_j w_ij e^{s_ij} - (1 / Σ_p w_ip) Σ_p w_ip s_ip,   p over the images of i's class.
 */
function fromSimilarities(s: tf.Tensor2D, labels: tf.Tensor1D, options: SupconOptions): Similarities {
  const count = s.shape[0];
  const index = tf.range(0, count, 1, 'int32');
  const self = tf.cast(tf.equal(tf.expandDims(index, 1), tf.expandDims(index, 0)), 'float32');
  const weight = tf.sub(options.views, self);
  const same = tf.cast(tf.equal(tf.expandDims(labels, 1), tf.expandDims(labels, 0)), 'float32');
  const positive = tf.mul(same, weight);
  const positives = tf.sum(positive, 1, true);
  const active = tf.minimum(positives, 1);
  const share = tf.div(positive, tf.maximum(positives, 1));
  // Any shift leaves the loss as it is; the largest term that counts keeps the exponentials in range. With one view
  // the diagonal does not count: its weight is 0, and without normalisation it can be far above the rest.
  const counted = options.views === 1 ? tf.sub(s, tf.mul(self, HUGE)) : s;
  const shifted = tf.sub(s, tf.max(counted, 1, true));
  const weighted = tf.mul(weight, tf.exp(tf.minimum(shifted, 0)));
  const total = tf.maximum(tf.sum(weighted, 1, true), TINY);
  const perAnchor = tf.mul(active, tf.sub(tf.log(total), tf.sum(tf.mul(share, shifted), 1, true)));
  const scale = options.reduction === 'mean' ? 1 / count : options.views;
  const slope = tf.mul(tf.mul(active, scale), tf.sub(tf.div(weighted, total), share));
  return {
    value: tf.mul(tf.sum(perAnchor), scale),
    slope: tf.add(slope, tf.transpose(slope)),
  };
}

/**
 * z zᵀ as the sum of the products of `parts` slices. One plain matMul would go to tfjs's split-K program (one matrix,
 * inner dimension of 2,000 or more), which in 4.22.0 gives wrong numbers with `transposeB`, and adds in an order that
 * changes from run to run; a batch of matrices never does.
 */
function gram(z: tf.Tensor2D, parts: number): tf.Tensor2D {
  const [count, length] = z.shape;
  const slices = tf.reshape(z, [count, parts, length / parts]);
  const products = tf.matMul(tf.transpose(slices, [1, 0, 2]), tf.transpose(slices, [1, 2, 0]));
  return tf.sum(products, 0);
}

/**
 * Supervised contrastive loss (Khosla et al. 2020; Eq. 8, METHODS 1.4) on the transformed images themselves.
 *
 * @param images [N, H, ...], flattened to [N, D]; differentiable. @param labels int32 [N], constant.
 * The caller disposes the scalar.
 */
export function supconLoss(images: tf.Tensor, labels: tf.Tensor1D, options: SupconOptions): tf.Scalar {
  const count = images.shape[0] ?? 0;
  const loss = tf.customGrad<tf.Scalar>((x, save) => {
    const flat = tf.reshape<tf.Rank.R2>(x as tf.Tensor, [count, -1]);
    const norm = tf.sqrt(tf.sum(tf.square(flat), 1, true));
    const scale = options.normalize ? tf.div(1, tf.maximum(norm, NORM_EPSILON)) : tf.onesLike(norm);
    const z = tf.mul<tf.Tensor2D>(flat, scale);
    const s = tf.div<tf.Tensor2D>(gram(z, images.shape[1] ?? 1), options.temperature);
    const { value, slope } = fromSimilarities(s, labels, options);
    (save as tf.GradSaveFunc)([z, scale, slope]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor => {
      const [unit, inverseNorm, pull] = saved as [tf.Tensor2D, tf.Tensor2D, tf.Tensor2D];
      const dz = tf.mul<tf.Tensor2D>(tf.matMul(pull, unit), tf.div(dy, options.temperature));
      const radial = tf.mul(unit, tf.sum(tf.mul(dz, unit), 1, true));
      const dx = options.normalize ? tf.mul(tf.sub(dz, radial), inverseNorm) : dz;
      return tf.reshape(dx, images.shape);
    };
    return { value, gradFunc };
  });
  return loss(images);
}
