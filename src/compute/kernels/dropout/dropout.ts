import { tf } from '../../tf';
import { hostOf } from '../registry';
import { dropoutMask, type DropoutKey } from './mask';
import { DROPOUT } from './names';

/**
 * Dropout in train mode (as PyTorch's: the values that stay are scaled up), differentiable; its mask depends on the key alone and is the
 * same on every backend. One dispatch either way where our kernels are installed: the mask is drawn on the device, and again for the
 * gradient, and kept nowhere.
 * @param x float32, any shape; @param rate in [0, 1). The result belongs to the caller's tidy.
 */
export function dropout<T extends tf.Tensor>(x: T, rate: number, key: DropoutKey): T {
  if (!hostOf(DROPOUT)) {
    return tf.tidy(() => tf.mul<T>(x, tf.tensor(dropoutMask(key, rate, x.size), x.shape)));
  }
  const engine = tf.engine();
  const attributes = { ...key, rate };
  const operation = tf.customGrad<T>((input) => ({
    value: engine.runKernel<T>(DROPOUT, { x: input as tf.Tensor }, attributes),
    gradFunc: (dy: tf.Tensor) => engine.runKernel<tf.Tensor>(DROPOUT, { x: dy }, attributes),
  }));
  return operation(x);
}
