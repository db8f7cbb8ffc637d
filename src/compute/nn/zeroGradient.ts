import { tf } from '../tf';

/**
 * `y` unchanged, with `parameter` on its gradient path at gradient zero. A convolution's bias in front of train-mode
 * batch-norm cancels: nothing is to be added, and its true gradient is zero, but the optimiser has to see one, since
 * weight decay still applies to it. Neither direction dispatches anything.
 *
 * @param zeros a tensor of zeros in the parameter's shape, kept alive by the caller until the gradient was taken.
 */
export function withZeroGradient<T extends tf.Tensor>(y: T, parameter: tf.Tensor, zeros: tf.Tensor): T {
  const operation = tf.customGrad<T>(() => ({
    value: y.clone(),
    gradFunc: (dy: T) => [dy.clone(), zeros.clone()],
  }));
  return operation(y, parameter);
}
