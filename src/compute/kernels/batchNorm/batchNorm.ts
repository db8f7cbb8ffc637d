import { tf } from '../../tf';
import { hostOf } from '../registry';
import { GRADIENT, NORMALIZE, STATISTICS } from './names';

/** What `batchNormTrain` returns. The caller owns all three. */
export interface BatchNormTrain {
  /** [N,H,W,C], normalised by the batch's own statistics, scaled, shifted, and rectified if asked. */
  readonly y: tf.Tensor4D;
  /** [C]; not differentiable. */
  readonly mean: tf.Tensor1D;
  /** [C], biased (divided by N*H*W); not differentiable. */
  readonly variance: tf.Tensor1D;
}

/**
 * Train-mode batch normalisation over N, H and W as PyTorch's BatchNorm2d computes it, optionally followed by ReLU.
 * Differentiable in x, gamma and beta, once. Runs our kernels where they are installed and tfjs primitives elsewhere.
 *
 * @param x [N,H,W,C] float32.
 * @param gamma [C].
 * @param beta [C].
 * @param epsilon added to the variance.
 * @param relu apply max(0, .).
 */
export function batchNormTrain(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  relu: boolean,
): BatchNormTrain {
  const own = [STATISTICS, NORMALIZE, GRADIENT].every((name) => hostOf(name) !== null);
  return tf.tidy(() => ({ ...(own ? withKernels : withPrimitives)(x, gamma, beta, epsilon, relu) }));
}

function withKernels(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  relu: boolean,
): BatchNormTrain {
  const engine = tf.engine();
  const channels = gamma.shape[0];
  // No gradient is registered for the statistics: what depends on them is in the closed form below.
  const stats: tf.Tensor2D = engine.runKernel(STATISTICS, { x, gamma, beta }, { epsilon });
  const normalize = tf.customGrad((...args) => {
    const [input, , , save] = args as unknown as [tf.Tensor, tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    save([input, stats]);
    return {
      value: engine.runKernel<tf.Tensor>(NORMALIZE, { x: input, stats }, { relu }),
      gradFunc: (dy, saved) => {
        const [savedX, savedStats] = saved as [tf.Tensor, tf.Tensor];
        const [dx, sums] = engine.runKernel<tf.Tensor[]>(
          GRADIENT,
          { dy, x: savedX, stats: savedStats },
          { epsilon, relu },
        ) as [tf.Tensor, tf.Tensor];
        return [dx, tf.slice(sums, [channels], [channels]), tf.slice(sums, [0], [channels])];
      },
    };
  });
  return {
    y: normalize(x, gamma, beta) as tf.Tensor4D,
    mean: tf.slice(stats, [0, 0], [1, channels]).as1D(),
    variance: tf.slice(stats, [1, 0], [1, channels]).as1D(),
  };
}

function withPrimitives(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  relu: boolean,
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
  return {
    y: normalize(x, gamma, beta) as tf.Tensor4D,
    mean: mean as tf.Tensor1D,
    variance: variance as tf.Tensor1D,
  };
}
