import { tf } from '../../tf';
import { convGeometry, type ConvAttrs } from '../conv2d/geometry';
import { allFloat, CHECK, convAttrs } from '../conv2d/own';
import type { KernelHost } from '../host';
import { poison, relativeError, seededValues } from '../reference/check';
import { conv2dFilterGradientReference } from '../reference/conv2d';
import type { OwnKernel } from '../registry';
import { tryTiledFilterGradient } from '../tiled/calls';
import { conv2dFilterGradient } from './kernel';

/** dW, shaped `filterShape`, of conv(x, W), or null where the stock kernel has to do it. */
export function filterGradient(
  host: KernelHost,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  filterShape: readonly number[],
  attrs: ConvAttrs,
): tf.TensorInfo | null {
  const tiled = tryTiledFilterGradient(host, x, dy, filterShape, attrs);
  if (tiled) return tiled;
  const geometry = convGeometry(x.shape, filterShape, attrs);
  return geometry && conv2dFilterGradient(host, x, dy, geometry);
}

/** tfjs's Conv2DBackpropFilter: the gradient of Conv2D in its weights. */
export const conv2dBackpropFilterKernel: OwnKernel = {
  name: 'Conv2DBackpropFilter',
  run(host, { x, dy }, attrs) {
    if (!x || !dy || !allFloat(x, dy)) return null;
    return filterGradient(host, x, dy, attrs['filterShape'] as number[], convAttrs(attrs));
  },
  async check() {
    const [xs, gs] = [seededValues(880, 1), seededValues(1320, 4)];
    await poison(864, 8640);
    const dw = tf.tidy(() => {
      const [x, w, dy] = [
        tf.tensor4d(xs, [2, 5, 11, 8]),
        tf.zeros<tf.Rank.R4>([3, 3, 8, 12]),
        tf.tensor(gs, CHECK.y),
      ];
      return tf.grad((filter) => tf.conv2d(x, filter as tf.Tensor4D, 1, 'same'))(w, dy);
    });
    const values = await dw.data();
    dw.dispose();
    return relativeError(values, conv2dFilterGradientReference(xs, gs, CHECK));
  },
};
