import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import { resizeBilinearGradientReference } from '../reference/resizeBilinear';
import type { OwnKernel } from '../registry';
import { resizeBilinearGradient } from './kernel';

/** tfjs's ResizeBilinearGrad where corners are aligned. */
export const resizeBilinearGradKernel: OwnKernel = {
  name: 'ResizeBilinearGrad',
  run(host, { images, dy }, attrs) {
    if (!images || dy?.dtype !== 'float32' || attrs['alignCorners'] !== true) return null;
    const sides = [...images.shape.slice(1, 3), ...dy.shape.slice(1, 3)];
    if (Math.min(...sides) < 2 || tf.util.sizeFromShape(images.shape) === 0) return null;
    return resizeBilinearGradient(host, dy, images.shape);
  },
  async check() {
    const [shape, out]: [[number, number, number, number], [number, number]] = [
      [2, 5, 3, 4],
      [10, 7],
    ];
    const gs = seededValues(2 * 10 * 7 * 4, 12);
    await poison(120);
    const dx = tf.tidy(() => {
      const f = (x: tf.Tensor): tf.Tensor => tf.image.resizeBilinear(x as tf.Tensor4D, out, true);
      return tf.grad(f)(tf.zeros(shape), tf.tensor4d(gs, [2, 10, 7, 4]));
    });
    const values = await dx.data();
    dx.dispose();
    return relativeError(values, resizeBilinearGradientReference(gs, shape, out));
  },
};
