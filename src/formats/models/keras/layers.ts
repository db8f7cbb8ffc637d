import type { MergeName } from '../graph/layerGraph';
import { activation, activationOp } from './activations';
import { asList, asNumber, asText, type Json } from './json';
import type { LayerContext } from './layerContext';

/** Makes a layer's nodes. @returns the index of its output. */
type LayerMaker = (layer: LayerContext, inputs: readonly number[]) => number;

const identity: LayerMaker = (layer, inputs) => layer.add({ kind: 'identity' }, inputs);

/** `activation` of a layer that has one, behind its own operation. */
function activated(layer: LayerContext, node: number): number {
  const op = activationOp(layer.builder, layer.config['activation'], layer.path, layer.keras3);
  return op === null ? node : layer.add(op, [node]);
}

const conv: LayerMaker = (layer, inputs) => {
  layer.requireChannelsLast();
  const kernel = layer.take('kernel');
  const op = {
    kind: 'conv',
    kernel,
    bias: layer.takeIf('use_bias', 'bias'),
    strides: layer.pair('strides', [1, 1]),
    dilations: layer.pair('dilation_rate', [1, 1]),
    padding: layer.padding(),
  } as const;
  return activated(layer, layer.add(op, inputs));
};

const depthwiseConv: LayerMaker = (layer, inputs) => {
  layer.requireChannelsLast();
  const kernel = layer.take('depthwise_kernel');
  const op = {
    kind: 'depthwise',
    kernel,
    bias: layer.takeIf('use_bias', 'bias'),
    strides: layer.pair('strides', [1, 1]),
    dilations: layer.pair('dilation_rate', [1, 1]),
    padding: layer.padding(),
  } as const;
  return activated(layer, layer.add(op, inputs));
};

const separableConv: LayerMaker = (layer, inputs) => {
  layer.requireChannelsLast();
  const spatial = layer.add(
    {
      kind: 'depthwise',
      kernel: layer.take('depthwise_kernel'),
      bias: null,
      strides: layer.pair('strides', [1, 1]),
      dilations: layer.pair('dilation_rate', [1, 1]),
      padding: layer.padding(),
    },
    inputs,
  );
  const kernel = layer.take('pointwise_kernel');
  const bias = layer.takeIf('use_bias', 'bias');
  const one = [1, 1] as const;
  return activated(
    layer,
    layer.add({ kind: 'conv', kernel, bias, strides: one, dilations: one, padding: 'valid' }, [spatial]),
  );
};

const dense: LayerMaker = (layer, inputs) => {
  const kernel = layer.take('kernel');
  return activated(
    layer,
    layer.add({ kind: 'dense', kernel, bias: layer.takeIf('use_bias', 'bias') }, inputs),
  );
};

/** Keras counts a normalisation's axis from the batch, or from the end; only the last one is supported. */
function requireLastAxis(layer: LayerContext): void {
  const value = layer.config['axis'];
  const [axis, second] = asList(value) ?? [value];
  const number = asNumber(axis) ?? -1;
  // Images have axis 3 last, vectors axis 1; an axis 1 of images fails on the weights' length.
  if (second !== undefined || ![-1, 1, 2, 3].includes(number))
    throw layer.unsupported(`axis ${JSON.stringify(value)}`);
}

const batchNorm: LayerMaker = (layer, inputs) => {
  requireLastAxis(layer);
  const gamma = layer.takeIf('scale', 'gamma');
  const beta = layer.takeIf('center', 'beta');
  const mean = layer.take('moving_mean');
  const variance = layer.take('moving_variance');
  return layer.add(
    { kind: 'batch-norm', gamma, beta, mean, variance, epsilon: layer.number('epsilon', 1e-3) },
    inputs,
  );
};

const layerNorm: LayerMaker = (layer, inputs) => {
  requireLastAxis(layer);
  if (layer.config['rms_scaling'] === true) throw layer.unsupported('rms_scaling');
  const gamma = layer.takeIf('scale', 'gamma');
  const beta = layer.takeIf('center', 'beta');
  return layer.add({ kind: 'layer-norm', gamma, beta, epsilon: layer.number('epsilon', 1e-3) }, inputs);
};

const relu: LayerMaker = (layer, inputs) => {
  const slope = layer.number('negative_slope', 0);
  const limit = asNumber(layer.config['max_value']);
  if (layer.number('threshold', 0) !== 0 || (slope !== 0 && limit !== null))
    throw layer.unsupported('a threshold, or a slope with a maximum');
  if (slope !== 0) return layer.add(activation('leaky-relu', slope), inputs);
  if (limit === null) return layer.add(activation('relu'), inputs);
  return layer.add(limit === 6 ? activation('relu6') : activation('clip', 0, limit), inputs);
};

const pool =
  (by: 'max' | 'average'): LayerMaker =>
  (layer, inputs) => {
    layer.requireChannelsLast();
    const size = layer.pair('pool_size', [2, 2]);
    const strides = layer.pair('strides', size);
    return layer.add({ kind: 'pool', by, size, strides, padding: layer.padding() }, inputs);
  };

const globalPool =
  (by: 'mean' | 'max'): LayerMaker =>
  (layer, inputs) => {
    layer.requireChannelsLast();
    return layer.add(
      { kind: 'reduce', by, axes: [1, 2], keepDims: layer.config['keepdims'] === true },
      inputs,
    );
  };

const reshape: LayerMaker = (layer, inputs) => {
  const shape = asList(layer.config['target_shape'])?.map((side) => asNumber(side) ?? NaN);
  if (shape === undefined || shape.length > 5 || !shape.every((side) => Number.isInteger(side) && side >= -1))
    throw layer.bad('target_shape', layer.config['target_shape']);
  return layer.add({ kind: 'reshape', shape }, inputs);
};

const permute: LayerMaker = (layer, inputs) => {
  const axes = asList(layer.config['dims'])?.map((axis) => asNumber(axis) ?? 0) ?? [];
  return layer.add({ kind: 'permute', axes }, inputs);
};

const merge =
  (by: MergeName): LayerMaker =>
  (layer, inputs) => {
    if (by === 'subtract' && inputs.length !== 2) throw layer.unsupported(`${inputs.length} inputs`);
    return layer.add({ kind: 'merge', by }, inputs);
  };

const concatenate: LayerMaker = (layer, inputs) => {
  const axis = layer.number('axis', -1);
  return layer.add({ kind: 'concat', axis }, inputs);
};

/** One number, two, or two pairs; [above, below, left, right]. */
function sides(layer: LayerContext, key: string): readonly [number, number, number, number] {
  const value = layer.config[key];
  const number = (one: Json | undefined): number => asNumber(one) ?? NaN;
  const both = asList(value) ?? [value ?? null, value ?? null];
  const [vertical, horizontal] = both.map((one) => asList(one)?.map(number) ?? [number(one), number(one)]);
  const [top = NaN, bottom = NaN] = vertical ?? [];
  const [left = NaN, right = NaN] = horizontal ?? [];
  const all = [top, bottom, left, right] as const;
  if (!all.every((side) => Number.isInteger(side) && side >= 0 && side <= 65_536))
    throw layer.bad(key, value);
  return all;
}

const zeroPadding: LayerMaker = (layer, inputs) => {
  layer.requireChannelsLast();
  return layer.add({ kind: 'pad', sides: sides(layer, 'padding'), mode: 'constant', value: 0 }, inputs);
};

const cropping: LayerMaker = (layer, inputs) => {
  layer.requireChannelsLast();
  const [top, bottom, left, right] = sides(layer, 'cropping');
  return layer.add(
    { kind: 'pad', sides: [-top, -bottom, -left, -right], mode: 'constant', value: 0 },
    inputs,
  );
};

const upsampling: LayerMaker = (layer, inputs) => {
  layer.requireChannelsLast();
  const by = asText(layer.config['interpolation']) ?? 'nearest';
  if (by !== 'nearest' && by !== 'bilinear') throw layer.unsupported(`${by} interpolation`);
  const corners = by === 'bilinear' && layer.builder.resizesByCorners;
  const op = { kind: 'upsample', factors: layer.pair('size', [2, 2]) } as const;
  return layer.add({ ...op, by: corners ? 'bilinear-corners' : by }, inputs);
};

/** A number or a list of them, one a channel. */
function channelNumbers(value: Json | undefined): number[] | null {
  const flat = (one: Json | undefined): (number | null)[] => asList(one)?.flatMap(flat) ?? [asNumber(one)];
  const numbers = flat(value);
  return numbers.every((one) => one !== null) && numbers.length > 0 ? numbers : null;
}

const rescaling: LayerMaker = (layer, inputs) => {
  const scale = channelNumbers(layer.config['scale']);
  const offset = channelNumbers(layer.config['offset'] ?? 0);
  if (scale === null || offset === null) throw layer.bad('scale', layer.config['scale']);
  return layer.add({ kind: 'affine', scale, offset }, inputs);
};

/** (x - mean) / max(sqrt(variance), 1e-7), from the settings or from the file's tensors. */
const normalization: LayerMaker = (layer, inputs) => {
  if (layer.config['invert'] === true) throw layer.unsupported('invert');
  const given = channelNumbers(layer.config['mean']);
  const read = (role: string): number[] =>
    Array.from(layer.builder.state.get(layer.take(role))?.data ?? [], Number);
  const mean = given ?? read('mean');
  const variance = given === null ? read('variance') : (channelNumbers(layer.config['variance']) ?? [1]);
  const scale = variance.map((one) => 1 / Math.max(Math.sqrt(one), 1e-7));
  const length = Math.max(mean.length, scale.length);
  const at = (list: readonly number[], i: number): number => list[list.length === 1 ? 0 : i] ?? NaN;
  const offset = Array.from({ length }, (_, i) => -at(mean, i) * at(scale, i));
  return layer.add({ kind: 'affine', scale, offset }, inputs);
};

const byActivation =
  (setting: Json | null, slope?: string): LayerMaker =>
  (layer, inputs) => {
    const value = setting ?? layer.config['activation'];
    const op = activationOp(layer.builder, value, layer.path, layer.keras3);
    if (op === null) return layer.add({ kind: 'identity' }, inputs);
    // The layer LeakyReLU has a slope of 0.3 where it says none, the function 0.2.
    if (op.kind === 'activation' && slope !== undefined)
      return layer.add(
        { ...op, alpha: layer.number('negative_slope', layer.number('alpha', op.name === 'elu' ? 1 : 0.3)) },
        inputs,
      );
    return layer.add(op, inputs);
  };

const softmax: LayerMaker = (layer, inputs) => {
  // TensorFlow.js writes axis 1 where nothing was said, which is the last one of scores.
  return layer.add({ kind: 'softmax', axis: layer.number('axis', -1) }, inputs);
};

/** Every layer that can be run, by Keras' class names. */
export const LAYERS: Readonly<Record<string, LayerMaker>> = {
  Conv2D: conv,
  Convolution2D: conv,
  DepthwiseConv2D: depthwiseConv,
  SeparableConv2D: separableConv,
  SeparableConvolution2D: separableConv,
  Dense: dense,
  BatchNormalization: batchNorm,
  SyncBatchNormalization: batchNorm,
  BatchNormalizationV1: batchNorm,
  LayerNormalization: layerNorm,
  Activation: byActivation(null),
  ReLU: relu,
  LeakyReLU: byActivation('leaky_relu', 'alpha'),
  ELU: byActivation('elu', 'alpha'),
  PReLU: (layer, inputs) => layer.add({ kind: 'prelu', slope: layer.take('alpha') }, inputs),
  Softmax: softmax,
  MaxPooling2D: pool('max'),
  MaxPool2D: pool('max'),
  AveragePooling2D: pool('average'),
  AvgPool2D: pool('average'),
  GlobalAveragePooling2D: globalPool('mean'),
  GlobalAvgPool2D: globalPool('mean'),
  GlobalMaxPooling2D: globalPool('max'),
  GlobalMaxPool2D: globalPool('max'),
  Flatten: (layer, inputs) => layer.add({ kind: 'reshape', shape: [-1] }, inputs),
  Reshape: reshape,
  Permute: permute,
  Add: merge('add'),
  Subtract: merge('subtract'),
  Multiply: merge('multiply'),
  Average: merge('average'),
  Maximum: merge('maximum'),
  Minimum: merge('minimum'),
  Concatenate: concatenate,
  ZeroPadding2D: zeroPadding,
  Cropping2D: cropping,
  UpSampling2D: upsampling,
  Rescaling: rescaling,
  Normalization: normalization,
  Dropout: identity,
  SpatialDropout2D: identity,
  AlphaDropout: identity,
  GaussianDropout: identity,
  GaussianNoise: identity,
  ActivityRegularization: identity,
  RandomFlip: identity,
  RandomRotation: identity,
  RandomZoom: identity,
  RandomTranslation: identity,
  RandomContrast: identity,
  RandomBrightness: identity,
};
