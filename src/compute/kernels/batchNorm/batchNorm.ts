import { tf } from '../../tf';
import { hostOf } from '../registry';
import { GRADIENT, NORMALIZE, STATISTICS } from './names';

/** What `batchNormTrain` returns. The caller owns both. */
export interface BatchNormTrain {
  /** [N,H,W,C], normalised by the batch's own statistics, scaled, shifted, and rectified if asked. */
  readonly y: tf.Tensor4D;
  /**
   * [STATISTICS_ROWS, C], not differentiable; rows 2, 3 and 5 are the kernels' own. Kept in one piece, because every slice of
   * it would be a dispatch.
   */
  readonly statistics: tf.Tensor2D;
}

/** Rows of `BatchNormTrain.statistics`. */
export const STATISTICS_ROWS = 6;
/** The row with the biased variance (divided by N*H*W). */
export const VARIANCE_ROW = 1;
/** The row with the mean of x plus the bias that was left out in front. */
export const MEAN_ROW = 4;

/**
 * Train-mode batch normalisation over N, H and W as PyTorch's BatchNorm2d computes it, optionally followed by ReLU.
 * Differentiable in x, gamma and beta, once. Runs our kernels where they are installed and tfjs primitives elsewhere.
 *
 * @param x [N,H,W,C] float32.
 * @param gamma [C].
 * @param beta [C].
 * @param epsilon added to the variance.
 * @param relu apply max(0, .).
 * @param bias [C], of the convolution in front: it cancels here and is only added to the mean that is reported.
 */
export function batchNormTrain(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  relu: boolean,
  bias: tf.Tensor1D | null = null,
): BatchNormTrain {
  const own = [STATISTICS, NORMALIZE, GRADIENT].every((name) => hostOf(name) !== null);
  return tf.tidy(() => ({ ...(own ? withKernels : withPrimitives)(x, gamma, beta, epsilon, relu, bias) }));
}

function withKernels(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  relu: boolean,
  bias: tf.Tensor1D | null,
): BatchNormTrain {
  const engine = tf.engine();
  // No gradient is registered for the statistics: what depends on them is in the closed form below.
  const stats: tf.Tensor2D = engine.runKernel(
    STATISTICS,
    { x, gamma, beta, ...(bias ? { bias } : {}) },
    { epsilon },
  );
  const normalize = tf.customGrad((...args) => {
    const [input, , , save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([input, stats]);
    return {
      value: engine.runKernel<tf.Tensor>(NORMALIZE, { x: input, stats }, { relu }),
      gradFunc: (dy, saved) => {
        const [savedX, savedStats] = saved as [tf.Tensor, tf.Tensor];
        return engine.runKernel<tf.Tensor[]>(
          GRADIENT,
          { dy, x: savedX, stats: savedStats },
          { epsilon, relu },
        );
      },
    };
  });
  return { y: normalize(x, gamma, beta) as tf.Tensor4D, statistics: stats };
}

function withPrimitives(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  relu: boolean,
  bias: tf.Tensor1D | null,
): BatchNormTrain {
  const { mean, variance } = tf.moments(x, [0, 1, 2]);
  const normalize = tf.customGrad((...args) => {
    const [input, scale, shift, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const normal = (of: tf.Tensor, m: tf.Tensor, v: tf.Tensor): tf.Tensor =>
      of.sub(m).div(v.add(epsilon).sqrt());
    save([input, scale, shift, mean, variance]);
    const value = normal(input, mean, variance).mul(scale).add(shift);
    return {
      value: relu ? value.relu() : value,
      gradFunc: (dy, saved) => {
        const [sx, sGamma, sBeta, sMean, sVariance] = saved as [
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
          tf.Tensor,
        ];
        const h = normal(sx, sMean, sVariance);
        const g = relu ? dy.mul(h.mul(sGamma).add(sBeta).step()) : dy;
        const axes = [0, 1, 2];
        const gh = g.mul(h);
        const centred = g.sub(g.mean(axes)).sub(h.mul(gh.mean(axes)));
        return [centred.mul(sGamma).div(sVariance.add(epsilon).sqrt()), gh.sum(axes), g.sum(axes)];
      },
    };
  });
  const none = tf.zerosLike(mean);
  return {
    y: normalize(x, gamma, beta) as tf.Tensor4D,
    statistics: tf.stack([mean, variance, none, none, bias ? tf.add(mean, bias) : mean, none]) as tf.Tensor2D,
  };
}
