import { tf } from '../../tf';
import { CHECK, convAttrs, convolve } from '../conv2d/own';
import { filterGradient } from '../conv2dBackpropFilter/own';
import { inputGradient } from '../conv2dBackpropInput/own';
import type { KernelHost } from '../host';
import { poison, relativeError, seededValues } from '../reference/check';
import {
  conv2dFilterGradientReference,
  conv2dInputGradientReference,
  conv2dReference,
} from '../reference/conv2d';
import type { OwnKernel } from '../registry';
import { concatConv2d } from './concatConv';
import { filterPart, joinFilters } from './filterParts';
import { CONCAT_CONV, CONCAT_CONV_GRADIENT } from './names';

type Pair = [tf.TensorInfo, tf.TensorInfo];

function filterPair(host: KernelHost, a: tf.TensorInfo, b: tf.TensorInfo, filter: tf.TensorInfo): Pair {
  const [first, second] = [a.shape[3] ?? 0, b.shape[3] ?? 0];
  return [filterPart(host, filter, 0, first), filterPart(host, filter, first, second)];
}

function release(host: KernelHost, ...infos: readonly (tf.TensorInfo | null)[]): void {
  for (const info of infos) if (info) host.disposeData(info.dataId);
}

/** A convolution of two tensors' channels, one behind the other: the second's sum is added to the first's. */
export const concatConvKernel: OwnKernel = {
  name: CONCAT_CONV,
  run(host, { a, b, filter }, attrs) {
    if (!a || !b || !filter) return null;
    const window = convAttrs(attrs);
    const [first, second] = filterPair(host, a, b, filter);
    const addend = convolve(host, a, first, window);
    const y = addend && convolve(host, b, second, window, { addend });
    release(host, first, second, addend);
    return y;
  },
  check: async () => (await check())[0] ?? Infinity,
};

/** Its gradients in both tensors, written where they belong, and in the filter. */
export const concatConvGradientKernel: OwnKernel = {
  name: CONCAT_CONV_GRADIENT,
  run(host, { dy, a, b, filter }, attrs) {
    if (!dy || !a || !b || !filter) return null;
    const window = convAttrs(attrs);
    const parts = filterPair(host, a, b, filter);
    const [da, db] = [
      inputGradient(host, dy, parts[0], a.shape, window),
      inputGradient(host, dy, parts[1], b.shape, window),
    ];
    const [wa, wb] = [
      filterGradient(host, a, dy, parts[0].shape, window),
      filterGradient(host, b, dy, parts[1].shape, window),
    ];
    const dw = wa && wb && joinFilters(host, wa, wb);
    release(host, ...parts, wa, wb);
    return da && db && dw && [da, db, dw];
  },
  check: async () => Math.max(...(await check()).slice(1)),
};

/** Errors of y, da and db together, and dw on the shape of `CHECK`, three of its eight channels from a. */
async function check(): Promise<number[]> {
  const [xs, ws, gs] = [seededValues(880, 1), seededValues(864, 2), seededValues(1320, 4)];
  await poison(1320, 880, 864, 330, 550);
  const results = tf.tidy(() => {
    const [a, b] = tf.split(tf.tensor4d(xs, [2, 5, 11, 8]), [3, 5], 3) as [tf.Tensor4D, tf.Tensor4D];
    const [w, dy] = [tf.tensor4d(ws, [3, 3, 8, 12]), tf.tensor4d(gs, [2, 5, 11, 12])];
    const y = concatConv2d(a, b, w, 1, 1);
    const [da, db, dw] = tf.grads((...args) =>
      concatConv2d(...(args as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D]), 1, 1),
    )([a, b, w], dy) as [tf.Tensor4D, tf.Tensor4D, tf.Tensor4D];
    return [y, tf.concat([da, db], 3), dw];
  });
  const values = await Promise.all(results.map((tensor) => tensor.data()));
  tf.dispose(results);
  const expected = [
    conv2dReference(xs, ws, CHECK),
    conv2dInputGradientReference(gs, ws, CHECK),
    conv2dFilterGradientReference(xs, gs, CHECK),
  ];
  return expected.map((reference, i) => relativeError(values[i] ?? [], reference));
}
