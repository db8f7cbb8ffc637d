import { tf } from '../tf';
import { maxPool2d } from '../kernels/maxPool/maxPool';
import type { LayerOps } from './network';
import { adaptiveAveragePool } from './ops/pools';

/** A tensor as NHWC images. @throws Error where its rank is not 4, which is a fault of the definition. */
export function asImages(x: tf.Tensor): tf.Tensor4D {
  if (x.rank !== 4) throw new Error(`NHWC images were expected, not [${x.shape.join(', ')}].`);
  return x as tf.Tensor4D;
}

/**
 * The layers without weights, over NHWC tensors; the same in every mode, and differentiable. Results belong to the
 * tidy they run in.
 *
 * In maxPool's gradient tfjs's own kernel gives a tie to the last maximum of the window, ours and PyTorch to the first.
 * Behind a ReLU, where ties are zeros, both come to the same: the ReLU's gradient is zero there.
 */
export const weightlessOps: Pick<
  LayerOps<tf.Tensor>,
  | 'maxPool'
  | 'averagePool'
  | 'adaptiveAveragePool'
  | 'globalAveragePool'
  | 'flatten'
  | 'upsample2x'
  | 'padTo'
  | 'concat'
> = {
  maxPool: (x, size, stride, pad = 0) => maxPool2d(asImages(x), size, stride, pad),

  averagePool: (x, size, stride) => tf.avgPool(asImages(x), size, stride, 'valid'),

  adaptiveAveragePool: (x, height, width) => adaptiveAveragePool(asImages(x), height, width),

  flatten: (x) => {
    const [batch, height, width, channels] = asImages(x).shape;
    const ordered = height * width === 1 ? x : tf.transpose(x, [0, 3, 1, 2]);
    return tf.reshape(ordered, [batch, height * width * channels]);
  },

  globalAveragePool: (x) => tf.mean(asImages(x), [1, 2]),

  upsample2x: (x) => {
    const images = asImages(x);
    return tf.image.resizeBilinear(images, [2 * images.shape[1], 2 * images.shape[2]], true);
  },

  padTo: (x, like) => {
    const images = asImages(x);
    const height = asImages(like).shape[1] - images.shape[1];
    const width = asImages(like).shape[2] - images.shape[2];
    if (height === 0 && width === 0) return images;
    const [top, left] = [Math.floor(height / 2), Math.floor(width / 2)];
    return tf.pad4d(images, [
      [0, 0],
      [top, height - top],
      [left, width - left],
      [0, 0],
    ]);
  },

  concat: (parts) => tf.concat(parts.map(asImages), 3),
};
