import { tf } from '../../tf';
import { hostOf } from '../registry';
import { poolGeometry } from './geometry';
import { MAX_POOL, MAX_POOL_GRADIENT, MAX_POOL_PLACES } from './names';

/**
 * Max-pool as PyTorch's max_pool2d computes it (ceil_mode off), differentiable once. With our kernels the gradient goes to the
 * first maximum of a window and needs x no more; tfjs's ops, where ours are off or do not cover the window, give it to the last.
 * The result belongs to the caller's tidy.
 *
 * @param x [N,H,W,C] float32. @param pad symmetric, never the maximum, at most half of `size`.
 */
export function maxPool2d(x: tf.Tensor4D, size: number, stride: number, pad: number): tf.Tensor4D {
  const own = [MAX_POOL, MAX_POOL_PLACES, MAX_POOL_GRADIENT].every((name) => hostOf(name) !== null);
  const attrs = { size, stride, pad };
  if (!own || x.dtype !== 'float32' || poolGeometry(x.shape, attrs) === null)
    return pad === 0 ? tf.maxPool(x, size, stride, 'valid') : tf.maxPool(x, size, stride, pad, 'floor');
  const engine = tf.engine();
  const operation = tf.customGrad<tf.Tensor4D>((...args) => {
    const [input, save] = args as unknown as [tf.Tensor4D, tf.GradSaveFunc];
    // Without a tape nobody asks for the places.
    if (engine.state.gradientDepth > 0)
      save([engine.runKernel<tf.Tensor>(MAX_POOL_PLACES, { x: input }, attrs)]);
    const inputShape = input.shape;
    return {
      value: engine.runKernel<tf.Tensor4D>(MAX_POOL, { x: input }, attrs),
      gradFunc: (dy: tf.Tensor4D, saved: tf.Tensor[]) => {
        const [places] = saved as [tf.Tensor];
        return engine.runKernel<tf.Tensor>(MAX_POOL_GRADIENT, { dy, places }, { ...attrs, inputShape });
      },
    };
  });
  return operation(x);
}
