import { tf } from '../../tf';
import type { KernelHost } from '../host';
import { poison, relativeError, seededValues } from '../reference/check';
import { conv2dReference } from '../reference/conv2d';
import type { OwnKernel } from '../registry';
import { tryTiledConv2d } from '../tiled/calls';
import type { ConvEpilogue } from './epilogue';
import { convGeometry, type ConvAttrs, type ConvGeometry } from './geometry';
import { conv2d } from './kernel';

/** The shape every convolution kernel is checked on: an odd width over two tiles, channels that fill no tile. */
export const CHECK: ConvGeometry & { readonly x: number[]; readonly w: number[]; readonly y: number[] } = {
  ...{ batch: 2, inHeight: 5, inWidth: 11, inChannels: 8, outHeight: 5, outWidth: 11, outChannels: 12 },
  ...{ kernelHeight: 3, kernelWidth: 3, stride: 1, padTop: 1, padLeft: 1 },
  x: [2, 5, 11, 8],
  w: [3, 3, 8, 12],
  y: [2, 5, 11, 12],
};

/** tfjs hands attributes over untyped; these are the ones its convolution ops always set. */
export function convAttrs(attrs: tf.NamedAttrMap): ConvAttrs {
  return attrs as unknown as ConvAttrs;
}

/** True for float32 tensors only: everything else is the stock kernel's business. */
export function allFloat(...tensors: readonly (tf.TensorInfo | undefined)[]): boolean {
  return tensors.every((tensor) => tensor?.dtype === 'float32');
}

/** y = conv(x, filter) with its epilogue, or null where the stock kernel has to do it. */
export function convolve(
  host: KernelHost,
  x: tf.TensorInfo,
  filter: tf.TensorInfo,
  attrs: ConvAttrs,
  after: ConvEpilogue = {},
): tf.TensorInfo | null {
  const tiled = tryTiledConv2d(host, x, filter, attrs, after, 'trained');
  if (tiled) return tiled;
  const geometry = convGeometry(x.shape, filter.shape, attrs);
  return geometry && conv2d(host, x, filter, geometry, after);
}

/** tfjs's Conv2D. */
export const conv2dKernel: OwnKernel = {
  name: 'Conv2D',
  run(host, { x, filter }, attrs) {
    if (!x || !filter || !allFloat(x, filter)) return null;
    return convolve(host, x, filter, convAttrs(attrs));
  },
  async check() {
    const [xs, ws] = [seededValues(880, 1), seededValues(864, 2)];
    await poison(1320);
    const y = tf.tidy(() =>
      tf.conv2d(tf.tensor4d(xs, [2, 5, 11, 8]), tf.tensor4d(ws, [3, 3, 8, 12]), 1, 'same'),
    );
    const values = await y.data();
    y.dispose();
    return relativeError(values, conv2dReference(xs, ws, CHECK));
  },
};

/** tfjs's FusedConv2D with a per-channel bias and no activation or ReLU. */
export const fusedConv2dKernel: OwnKernel = {
  name: 'FusedConv2D',
  run(host, { x, filter, bias, preluActivationWeights }, attrs) {
    if (!x || !filter || preluActivationWeights || !allFloat(x, filter)) return null;
    const { activation } = attrs;
    if (activation !== 'linear' && activation !== 'relu' && activation !== undefined) return null;
    if (bias && (!allFloat(bias) || tf.util.sizeFromShape(bias.shape) !== filter.shape[3])) return null;
    return convolve(host, x, filter, convAttrs(attrs), { bias, relu: activation === 'relu' });
  },
  async check() {
    const [xs, ws, bs] = [seededValues(880, 1), seededValues(864, 2), seededValues(12, 3)];
    await poison(1320);
    const y = tf.tidy(() =>
      tf.fused.conv2d({
        x: tf.tensor4d(xs, [2, 5, 11, 8]),
        filter: tf.tensor4d(ws, [3, 3, 8, 12]),
        strides: 1,
        pad: 'same',
        bias: tf.tensor1d(bs),
        activation: 'relu',
      }),
    );
    const values = await y.data();
    y.dispose();
    const expected = conv2dReference(xs, ws, CHECK).map((value, index) =>
      Math.max(0, value + (bs[index % 12] ?? 0)),
    );
    return relativeError(values, expected);
  },
};
