import { tf } from '../../tf';
import type { ConvGeometry } from '../conv2d/geometry';
import type { Rectifier } from '../conv2d/epilogue';
import { allFloat, convAttrs } from '../conv2d/own';
import type { KernelHost } from '../host';
import { poison, relativeError, seededValues } from '../reference/check';
import {
  depthwiseFilterGradientReference,
  depthwiseInputGradientReference,
  depthwiseReference,
} from '../reference/depthwise';
import type { OwnKernel } from '../registry';
import { depthwiseFilterGradient } from './filterGradient';
import { FoldedDepthwise } from './foldedDepthwise';
import { depthwiseGeometry } from './geometry';
import { depthwise, depthwiseInputGradient } from './kernel';
import { FOLDED_DEPTHWISE, FOLDED_DEPTHWISE_GRADIENT } from './names';

type Shape = [number, number, number, number];

/** What the kernels are checked on: an odd width over two tiles. */
const CHECK: ConvGeometry = {
  ...{ batch: 2, inHeight: 5, inWidth: 7, inChannels: 8, outHeight: 5, outWidth: 7, outChannels: 8 },
  ...{ kernelHeight: 3, kernelWidth: 3, stride: 1, padTop: 1, padLeft: 1 },
};
const IMAGE: Shape = [2, 5, 7, 8];
const FILTER: Shape = [3, 3, 8, 1];
const [PIXELS, WEIGHTS] = [560, 72];

/** As `seededValues`, up to 8, so that a ReLU6 has something to clip. */
const wide = (count: number, seed: number): Float32Array => seededValues(count, seed).map((v) => v * 8);

/** Reads and disposes. */
async function take(tensor: tf.Tensor): Promise<ArrayLike<number>> {
  const values = await tensor.data();
  tensor.dispose();
  return values;
}

/** The gradient by the shape of x, or null where the stock kernel has to do it. */
function gradient(
  host: KernelHost,
  { dy, filter, addend, mask }: tf.NamedTensorInfoMap,
  attrs: tf.NamedAttrMap,
): tf.TensorInfo | null {
  if (!dy || !filter || !allFloat(dy, filter)) return null;
  const geometry = depthwiseGeometry(attrs['inputShape'] as number[], filter.shape, convAttrs(attrs));
  if (!geometry || dy.shape[1] !== geometry.outHeight || dy.shape[2] !== geometry.outWidth) return null;
  const after = { addend, mask, maskSix: attrs['maskSix'] === true };
  return depthwiseInputGradient(host, dy, filter, geometry, after);
}

/** tfjs's DepthwiseConv2dNative. */
export const depthwiseKernel: OwnKernel = {
  name: 'DepthwiseConv2dNative',
  run(host, { x, filter }, attrs) {
    if (!x || !filter || !allFloat(x, filter)) return null;
    const geometry = depthwiseGeometry(x.shape, filter.shape, convAttrs(attrs));
    return geometry && depthwise(host, x, filter, geometry);
  },
  async check() {
    const [xs, ws] = [seededValues(PIXELS, 1), seededValues(WEIGHTS, 2)];
    await poison(PIXELS);
    const y = tf.tidy(() => tf.depthwiseConv2d(tf.tensor4d(xs, IMAGE), tf.tensor4d(ws, FILTER), 1, 'same'));
    return relativeError(await take(y), depthwiseReference(xs, ws, CHECK));
  },
};

/** tfjs's DepthwiseConv2dNativeBackpropInput. */
export const depthwiseBackpropInputKernel: OwnKernel = {
  name: 'DepthwiseConv2dNativeBackpropInput',
  run: (host, { dy, filter }, attrs) => (dy && filter ? gradient(host, { dy, filter }, attrs) : null),
  async check() {
    const [gs, ws] = [seededValues(PIXELS, 4), seededValues(WEIGHTS, 2)];
    await poison(PIXELS);
    const dx = tf.tidy(() => {
      const w = tf.tensor4d(ws, FILTER);
      const f = (x: tf.Tensor): tf.Tensor => tf.depthwiseConv2d(x as tf.Tensor4D, w, 1, 'same');
      return tf.grad(f)(tf.zeros(IMAGE), tf.tensor4d(gs, IMAGE));
    });
    return relativeError(await take(dx), depthwiseInputGradientReference(gs, ws, CHECK));
  },
};

/** tfjs's DepthwiseConv2dNativeBackpropFilter. */
export const depthwiseBackpropFilterKernel: OwnKernel = {
  name: 'DepthwiseConv2dNativeBackpropFilter',
  run(host, { x, dy }, attrs) {
    if (!x || !dy || !allFloat(x, dy)) return null;
    const geometry = depthwiseGeometry(x.shape, attrs['filterShape'] as number[], convAttrs(attrs));
    return geometry && depthwiseFilterGradient(host, x, dy, geometry);
  },
  async check() {
    const [xs, gs] = [seededValues(PIXELS, 1), seededValues(PIXELS, 4)];
    await poison(WEIGHTS, WEIGHTS * 10);
    const dw = tf.tidy(() => {
      const x = tf.tensor4d(xs, IMAGE);
      const f = (w: tf.Tensor): tf.Tensor => tf.depthwiseConv2d(x, w as tf.Tensor4D, 1, 'same');
      return tf.grad(f)(tf.zeros(FILTER), tf.tensor4d(gs, IMAGE));
    });
    return relativeError(await take(dw), depthwiseFilterGradientReference(xs, gs, CHECK));
  },
};

/** Depthwise convolution, bias, sum with a residual and ReLU or ReLU6 of a frozen layer in one dispatch. */
export const foldedDepthwiseKernel: OwnKernel = {
  name: FOLDED_DEPTHWISE,
  run(host, { x, filter, bias, addend }, attrs) {
    if (!x || !filter || !bias) return null;
    const geometry = depthwiseGeometry(x.shape, filter.shape, convAttrs(attrs));
    return (
      geometry && depthwise(host, x, filter, geometry, { bias, addend, relu: attrs['relu'] as Rectifier })
    );
  },
  async check() {
    const [xs, ws, bs] = [wide(PIXELS, 1), seededValues(WEIGHTS, 2), seededValues(8, 3)];
    await poison(PIXELS);
    const y = tf.tidy(() => {
      const layer = new FoldedDepthwise(tf.tensor4d(ws, FILTER), tf.tensor1d(bs), { stride: 1, pad: 1 });
      return layer.forward(tf.tensor4d(xs, IMAGE), null, 6);
    });
    const expected = depthwiseReference(xs, ws, CHECK).map((v, i) =>
      Math.min(6, Math.max(0, v + (bs[i % 8] ?? 0))),
    );
    return relativeError(await take(y), expected);
  },
};

/** Its gradient in the input, with what else flows to that input and the ReLU that gave it, in one dispatch. */
export const foldedDepthwiseGradientKernel: OwnKernel = {
  name: FOLDED_DEPTHWISE_GRADIENT,
  run: gradient,
  async check() {
    const [gs, ws, as, ms] = [
      seededValues(PIXELS, 4),
      seededValues(WEIGHTS, 2),
      seededValues(PIXELS, 17),
      wide(PIXELS, 18),
    ];
    await poison(PIXELS);
    const dx = tf.tidy(() => {
      const layer = new FoldedDepthwise(tf.tensor4d(ws, FILTER), tf.zeros([8]), { stride: 1, pad: 1 });
      const [dy, addend, output] = [tf.tensor4d(gs, IMAGE), tf.tensor4d(as, IMAGE), tf.tensor4d(ms, IMAGE)];
      return layer.inputGradient(dy, IMAGE, addend, { output, six: true });
    });
    const expected = depthwiseInputGradientReference(gs, ws, CHECK).map((v, i) => {
      const m = ms[i] ?? 0;
      return m > 0 && m < 6 ? v + (as[i] ?? 0) : 0;
    });
    return relativeError(await take(dx), expected);
  },
};
