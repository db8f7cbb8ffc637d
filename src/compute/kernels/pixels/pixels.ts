import { tf } from '../../tf';
import { hostOf } from '../registry';
import { CLAMP_GRADIENT, NORMALIZE_PIXELS } from './names';

/**
 * (x - mean) / std by channel, differentiable in x. One dispatch either way where our kernels are installed.
 * @param x float32 [N,H,W,C]; @param mean [C], @param std [C], constants. The result belongs to the caller's tidy.
 */
export function normalizeChannels(x: tf.Tensor4D, mean: tf.Tensor1D, std: tf.Tensor1D): tf.Tensor4D {
  if (!hostOf(NORMALIZE_PIXELS)) return tf.tidy(() => tf.div<tf.Tensor4D>(tf.sub(x, mean), std));
  const engine = tf.engine();
  const operation = tf.customGrad<tf.Tensor4D>((input) => ({
    value: engine.runKernel(NORMALIZE_PIXELS, { x: input as tf.Tensor, mean, std }),
    gradFunc: (dy: tf.Tensor) => engine.runKernel<tf.Tensor>(NORMALIZE_PIXELS, { x: dy, std }),
  }));
  return operation(x);
}

/** Clamps to [0,1]; the gradient passes at 0 and 1 themselves, as PyTorch's does. The result belongs to the caller's tidy. */
export function clampToUnit(x: tf.Tensor4D): tf.Tensor4D {
  if (!hostOf(CLAMP_GRADIENT)) return tf.clipByValue(x, 0, 1);
  const operation = tf.customGrad<tf.Tensor4D>((...args) => {
    const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
    save([input]);
    return {
      value: tf.clipByValue(input, 0, 1),
      gradFunc: (dy: tf.Tensor, saved: tf.Tensor[]) =>
        tf.engine().runKernel<tf.Tensor>(CLAMP_GRADIENT, { dy, x: saved[0] as tf.Tensor }),
    };
  });
  return operation(x);
}
