import { tf } from '../tf';

/** What train-mode batch-norm gives. */
export interface BatchNormResult {
  /** Normalised, scaled, shifted, and cut at zero where asked; belongs to the caller's tidy. */
  readonly y: tf.Tensor4D;
  /** The batch's mean and biased variance a channel, outside the gradient; the caller disposes them, tidy or not. */
  readonly mean: tf.Tensor1D;
  readonly variance: tf.Tensor1D;
}

interface Saved {
  readonly x: tf.Tensor4D;
  readonly mean: tf.Tensor1D;
  /** 1 / sqrt(variance + epsilon). */
  readonly inverseDeviation: tf.Tensor1D;
  readonly gamma: tf.Tensor1D;
  readonly y: tf.Tensor4D;
}

/**
 * The gradients of batch-norm in closed form. With xhat the normalised input and g = dy, zero where the ReLU cut:
 * dbeta = sum g, dgamma = sum g xhat, dx = gamma / sigma (g - mean g - xhat mean(g xhat)).
 */
function batchNormGradient(dy: tf.Tensor4D, saved: Saved, relu: boolean): tf.Tensor[] {
  const { x, mean, inverseDeviation, gamma, y } = saved;
  return tf.tidy(() => {
    const axes = [0, 1, 2];
    const count = x.size / mean.size;
    const cut = relu ? tf.mul(dy, tf.step(y)) : dy;
    const normalised = tf.mul(tf.sub(x, mean), inverseDeviation);
    const betaGradient = tf.sum(cut, axes);
    const gammaGradient = tf.sum(tf.mul(cut, normalised), axes);
    const centred = tf.sub(
      tf.sub(cut, tf.div(betaGradient, count)),
      tf.mul(normalised, tf.div(gammaGradient, count)),
    );
    return [tf.mul(centred, tf.mul(gamma, inverseDeviation)), gammaGradient, betaGradient];
  });
}

/**
 * Train-mode batch-norm of NHWC `x` over all but the channels, with the ReLU that follows where `relu`: one
 * differentiable operation (in x, gamma and beta), as PyTorch's BatchNorm2d in train mode. The variance that normalises
 * is the biased one, taken in two passes.
 */
export function batchNormTrain(
  x: tf.Tensor4D,
  gamma: tf.Tensor1D,
  beta: tf.Tensor1D,
  epsilon: number,
  relu: boolean,
): BatchNormResult {
  let statistics: { mean: tf.Tensor1D; variance: tf.Tensor1D } | null = null;
  const operation = tf.customGrad<tf.Tensor4D>((...inputs) => {
    const save = inputs[3] as (tensors: tf.Tensor[]) => void;
    // Kept: a custom gradient has one value, and its tidy would take these.
    const mean = tf.keep(tf.mean<tf.Tensor1D>(x, [0, 1, 2]));
    const centred = tf.sub<tf.Tensor4D>(x, mean);
    const variance = tf.keep(tf.mean<tf.Tensor1D>(tf.square(centred), [0, 1, 2]));
    statistics = { mean, variance };
    const inverseDeviation = tf.rsqrt(tf.add<tf.Tensor1D>(variance, epsilon));
    const shifted = tf.add<tf.Tensor4D>(tf.mul(centred, tf.mul(gamma, inverseDeviation)), beta);
    const value = relu ? tf.relu(shifted) : shifted;
    save([x, mean, inverseDeviation, gamma, value]);
    const gradFunc = (dy: tf.Tensor4D, saved: tf.Tensor[]): tf.Tensor[] => {
      const [savedX, savedMean, savedInverse, savedGamma, y] = saved;
      return batchNormGradient(
        dy,
        {
          x: savedX as tf.Tensor4D,
          mean: savedMean as tf.Tensor1D,
          inverseDeviation: savedInverse as tf.Tensor1D,
          gamma: savedGamma as tf.Tensor1D,
          y: y as tf.Tensor4D,
        },
        relu,
      );
    };
    return { value, gradFunc };
  });
  const y = operation(x, gamma, beta);
  if (statistics === null) throw new Error('Batch-norm did not run.');
  return { y, ...(statistics as { mean: tf.Tensor1D; variance: tf.Tensor1D }) };
}
