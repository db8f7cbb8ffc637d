import { tf } from '../../tf';
import type { Rectifier } from '../conv2d/epilogue';
import { convGeometry } from '../conv2d/geometry';
import { conv2d } from '../conv2d/kernel';
import { CHECK, convAttrs } from '../conv2d/own';
import { conv2dInputGradientTurned, turnWeights } from '../conv2dBackpropInput/kernel';
import { poison, relativeError, seededValues } from '../reference/check';
import { conv2dInputGradientReference, conv2dReference } from '../reference/conv2d';
import type { OwnKernel } from '../registry';
import { tryTiledConv2d, tryTiledInputGradient } from '../tiled/calls';
import { FoldedConv } from './foldedConv';
import { FOLDED_CONV, FOLDED_CONV_GRADIENT, TURN_WEIGHTS } from './names';

async function checkForward(): Promise<number> {
  const [xs, ws, bs, rs] = [1, 2, 3, 16].map((seed, i) =>
    seededValues([880, 864, 12, 1320][i] ?? 0, seed),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  await poison(1320);
  const y = tf.tidy(() => {
    const layer = new FoldedConv(tf.tensor4d(ws, [3, 3, 8, 12]), tf.tensor1d(bs), { stride: 1, pad: 1 });
    return layer.forward(tf.tensor4d(xs, [2, 5, 11, 8]), tf.tensor4d(rs, [2, 5, 11, 12]), true);
  });
  const values = await y.data();
  y.dispose();
  const expected = conv2dReference(xs, ws, CHECK).map((value, i) =>
    Math.max(0, value + (bs[i % 12] ?? 0) + (rs[i] ?? 0)),
  );
  return relativeError(values, expected);
}

async function checkGradient(): Promise<number> {
  const [gs, ws, as, ms] = [4, 2, 17, 18].map((seed, i) =>
    seededValues([1320, 864, 880, 880][i] ?? 0, seed),
  ) as [Float32Array, Float32Array, Float32Array, Float32Array];
  await poison(880, 864);
  const [filter, bias] = [tf.tensor4d(ws, [3, 3, 8, 12]), tf.zeros<tf.Rank.R1>([12])];
  const layer = new FoldedConv(filter, bias, { stride: 1, pad: 1 });
  const [dy, addend, mask] = [tf.tensor4d(gs, [2, 5, 11, 12]), image(as), image(ms)];
  const dx = tf.tidy(() => layer.inputGradient(dy, [2, 5, 11, 8], addend, { output: mask, six: false }));
  const values = await dx.data();
  layer.dispose();
  tf.dispose([filter, bias, dy, addend, mask, dx]);
  const expected = conv2dInputGradientReference(gs, ws, CHECK).map((value, i) =>
    (ms[i] ?? 0) > 0 ? value + (as[i] ?? 0) : 0,
  );
  return relativeError(values, expected);
}

const image = (values: Float32Array): tf.Tensor4D => tf.tensor4d(values, [2, 5, 11, 8]);

/** Convolution, bias, sum with a residual and ReLU of a frozen layer in one dispatch. */
export const foldedConvKernel: OwnKernel = {
  name: FOLDED_CONV,
  run(host, { x, filter, bias, addend }, attrs) {
    if (!x || !filter || !bias) return null;
    const window = convAttrs(attrs);
    const after = { bias, addend, relu: attrs['relu'] as Rectifier };
    const tiled = tryTiledConv2d(host, x, filter, window, after, 'frozen');
    if (tiled) return tiled;
    const geometry = convGeometry(x.shape, filter.shape, window);
    return geometry && conv2d(host, x, filter, geometry, after);
  },
  check: checkForward,
};

/** Its gradient in the input, with what else flows to that input and the ReLU that gave it, in one dispatch. */
export const foldedConvGradientKernel: OwnKernel = {
  name: FOLDED_CONV_GRADIENT,
  run(host, { dy, turned, addend, mask }, attrs) {
    if (!dy || !turned) return null;
    const [inputShape, filterShape] = [attrs['inputShape'] as number[], attrs['filterShape'] as number[]];
    const window = convAttrs(attrs);
    const after = { addend, mask, maskSix: attrs['maskSix'] === true };
    const tiled = tryTiledInputGradient(host, dy, { turned, filterShape }, inputShape, window, after);
    if (tiled) return tiled;
    const geometry = convGeometry(inputShape, filterShape, window);
    return geometry && conv2dInputGradientTurned(host, dy, turned, geometry, after);
  },
  check: checkGradient,
};

/** Constant weights as the gradient reads them, made once. */
export const turnWeightsKernel: OwnKernel = {
  name: TURN_WEIGHTS,
  run: (host, { filter }, attrs) => (filter ? turnWeights(host, filter, attrs['stride'] as number) : null),
  check: checkGradient,
};
