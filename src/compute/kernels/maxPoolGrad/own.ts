import { tf } from '../../tf';
import { poison, relativeError, seededValues } from '../reference/check';
import { maxPoolGradientReference } from '../reference/maxPoolGrad';
import type { OwnKernel } from '../registry';
import { maxPoolGradient } from './kernel';

const isPair = (value: unknown, side: number): boolean =>
  value === side || (Array.isArray(value) && value.length === 2 && value.every((entry) => entry === side));

/** tfjs's MaxPoolGrad for 2x2 windows with stride 2 and no padding. Ties go to the first maximum (the stock kernel: the last). */
export const maxPoolGradKernel: OwnKernel = {
  name: 'MaxPoolGrad',
  run(host, { dy, input }, attrs) {
    if (dy?.dtype !== 'float32' || input?.dtype !== 'float32' || input.shape.length !== 4) return null;
    if (!isPair(attrs['filterSize'], 2) || !isPair(attrs['strides'], 2)) return null;
    const [, height = 0, width = 0] = input.shape;
    const unpadded =
      attrs['pad'] === 'valid' ||
      attrs['pad'] === 0 ||
      (height % 2 === 0 && width % 2 === 0 && attrs['pad'] === 'same');
    if (!unpadded || dy.shape[1] !== Math.floor(height / 2) || dy.shape[2] !== Math.floor(width / 2))
      return null;
    if (tf.util.sizeFromShape(dy.shape) === 0) return null;
    return maxPoolGradient(host, dy, input);
  },
  async check() {
    const shape: [number, number, number, number] = [2, 5, 7, 8];
    // Few distinct values, so that ties are common.
    const xs = seededValues(560, 10).map((value) => Math.round(value * 2));
    const gs = seededValues(2 * 2 * 3 * 8, 11);
    await poison(560);
    const dx = tf.tidy(() =>
      tf.grad((x) => tf.maxPool(x as tf.Tensor4D, 2, 2, 'valid'))(
        tf.tensor4d(xs, shape),
        tf.tensor4d(gs, [2, 2, 3, 8]),
      ),
    );
    const values = await dx.data();
    dx.dispose();
    return relativeError(values, maxPoolGradientReference(xs, gs, shape));
  },
};
