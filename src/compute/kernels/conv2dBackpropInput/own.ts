import { tf } from '../../tf';
import { convGeometry, type ConvAttrs } from '../conv2d/geometry';
import { allFloat, CHECK, convAttrs } from '../conv2d/own';
import type { KernelHost } from '../host';
import { poison, relativeError, seededValues } from '../reference/check';
import { conv2dInputGradientReference } from '../reference/conv2d';
import type { OwnKernel } from '../registry';
import { tryTiledInputGradient } from '../tiled/calls';
import { conv2dInputGradient } from './kernel';

/** dx of conv(x, filter), x shaped `inputShape`, or null where the stock kernel has to do it. */
export function inputGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  filter: tf.TensorInfo,
  inputShape: readonly number[],
  attrs: ConvAttrs,
): tf.TensorInfo | null {
  const tiled = tryTiledInputGradient(host, dy, { filter }, inputShape, attrs, {});
  if (tiled) return tiled;
  const geometry = convGeometry(inputShape, filter.shape, attrs);
  if (!geometry || dy.shape[1] !== geometry.outHeight || dy.shape[2] !== geometry.outWidth) return null;
  return conv2dInputGradient(host, dy, filter, geometry);
}

/** tfjs's Conv2DBackpropInput: the gradient of Conv2D in x, and conv2dTranspose. */
export const conv2dBackpropInputKernel: OwnKernel = {
  name: 'Conv2DBackpropInput',
  run(host, { dy, filter }, attrs) {
    if (!dy || !filter || !allFloat(dy, filter)) return null;
    return inputGradient(host, dy, filter, attrs['inputShape'] as number[], convAttrs(attrs));
  },
  async check() {
    const [gs, ws] = [seededValues(1320, 4), seededValues(864, 2)];
    await poison(880, 864);
    const dx = tf.tidy(() => {
      const [x, w, dy] = [
        tf.zeros<tf.Rank.R4>([2, 5, 11, 8]),
        tf.tensor4d(ws, [3, 3, 8, 12]),
        tf.tensor(gs, CHECK.y),
      ];
      return tf.grad((input) => tf.conv2d(input as tf.Tensor4D, w, 1, 'same'))(x, dy);
    });
    const values = await dx.data();
    dx.dispose();
    return relativeError(values, conv2dInputGradientReference(gs, ws, CHECK));
  },
};
