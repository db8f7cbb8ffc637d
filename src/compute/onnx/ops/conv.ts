import type { OnnxTensor } from '../../../formats/models/onnx/onnxModel';
import { FoldedDepthwise } from '../../kernels/depthwise/foldedDepthwise';
import { FoldedConv } from '../../kernels/foldedConv/foldedConv';
import type { FoldedLayer } from '../../kernels/foldedConv/foldedLayer';
import { deferred, given, materialise, type FrozenValue } from '../../nn/frozenGraph';
import { tf } from '../../tf';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type GraphValue, type Known, type Operator } from '../types';
import { windowOf, type Window } from './window';

interface Convolution extends Window {
  readonly groups: number;
  readonly weight: OnnxTensor;
  readonly bias: OnnxTensor | null;
}

function convolutionOf(call: NodeCall): Convolution {
  const weight = call.host(1, 'weights');
  const [outputs = 0, perGroup = 0, ...kernel] = weight.shape;
  const groups = call.int('group', 1);
  const channels = call.input(0).shape[1] ?? 0;
  const window = windowOf(call, kernel);
  if (groups < 1 || channels !== perGroup * groups || outputs % groups !== 0 || outputs === 0)
    throw new OnnxProblem(
      `has weights [${weight.shape.join(', ')}] in ${groups} groups for ${channels} channels`,
    );
  const bias = call.optionalHost(2, 'bias');
  if (bias && bias.data.length !== outputs)
    throw new OnnxProblem(`has a bias of ${bias.data.length} for ${outputs} channels`);
  return { ...window, groups, weight, bias };
}

function infer(call: NodeCall): Known[] {
  const { weight, out } = convolutionOf(call);
  return [{ shape: [call.input(0).shape[0] ?? 1, weight.shape[0] ?? 1, ...out], kind: 'float', host: null }];
}

/**
 * Output channels [from, from + count) of the weights as HWIO. A dilated kernel gets its zeros written out: tfjs has no gradient for
 * dilation.
 */
function filterOf({ weight, dilations }: Convolution, from: number, count: number): tf.Tensor4D {
  const [, inputs = 0, rows = 0, columns = 0] = weight.shape;
  const [down, right] = dilations;
  const [height, width] = [(rows - 1) * down + 1, (columns - 1) * right + 1];
  const values = new Float32Array(height * width * inputs * count);
  for (let o = 0; o < count; o++)
    for (let i = 0; i < inputs; i++)
      for (let y = 0; y < rows; y++)
        for (let x = 0; x < columns; x++)
          values[((y * down * width + x * right) * inputs + i) * count + o] =
            weight.data[(((from + o) * inputs + i) * rows + y) * columns + x] ?? 0;
  return tf.tensor4d(values, [height, width, inputs, count]);
}

function biasOf({ bias }: Convolution, from: number, count: number): tf.Tensor1D {
  return tf.tensor1d(
    bias ? Float32Array.from(bias.data.subarray(from, from + count)) : new Float32Array(count),
  );
}

function padded(call: RunCall, [top, left, bottom, right]: Window['pads']): FrozenValue {
  return given(tf.pad4d(call.images(0), [[0, 0], [top, bottom], [left, right], [0, 0]])); // prettier-ignore
}

/**
 * The input as far as a layer pads it itself, and what the layer is to pad. `stride` is null where only tfjs's own convolution will do; it
 * reads a single number as the padding of a square kernel, and so gets its input padded.
 */
function framed(
  call: RunCall,
  { pads, strides, kernel, dilations }: Convolution,
  folded: boolean,
): { input: FrozenValue; pad: number; stride: 1 | 2 | null } {
  const [pad] = pads;
  const square =
    (kernel[0] - 1) * dilations[0] === (kernel[1] - 1) * dilations[1] && strides[0] === strides[1];
  const stride = folded && square && (strides[0] === 1 || strides[0] === 2) ? strides[0] : null;
  const even = pads.every((side) => side === pad) && (stride !== null || pad === 0);
  const { value, nhwc } = call.value(0);
  const input = even ? (nhwc ? value : given(call.images(0))) : padded(call, pads);
  return { input, pad: even ? pad : 0, stride };
}

function run(call: RunCall): GraphValue[] {
  const conv = convolutionOf(call.known);
  const [outputs = 0, perGroup = 0] = conv.weight.shape;
  const give = (value: FrozenValue): GraphValue[] => [{ value, nhwc: true, shape: call.shape() }];
  const depthwise = conv.groups > 1 && perGroup === 1;
  const multiplier = outputs / conv.groups;
  const { input, pad, stride } = framed(call, conv, !depthwise || multiplier === 1);
  if (depthwise) {
    // HWIO of one input channel is [height, width, C, multiplier] already.
    const filter = call.keep('filter', () => {
      const flat = filterOf(conv, 0, outputs);
      const [height, width] = flat.shape;
      const shaped = tf.reshape<tf.Rank.R4>(flat, [height, width, conv.groups, multiplier]);
      flat.dispose();
      return shaped;
    });
    const bias = call.keep('bias', () => biasOf(conv, 0, outputs));
    if (stride !== null) {
      const layer = call.keep('layer', () => new FoldedDepthwise(filter, bias, { stride, pad }));
      return give(deferred({ conv: layer, input, residual: null, relu: false }));
    }
    const strides = [...conv.strides] as [number, number];
    const x = materialise(input) as tf.Tensor4D;
    return give(given(tf.add(tf.depthwiseConv2d(x, filter, strides, 'valid'), bias)));
  }
  if (conv.groups === 1) return give(part(call, conv, input, pad, stride, 0, outputs));
  const count = outputs / conv.groups;
  const parts = tf.split(materialise(input), conv.groups, 3);
  const results = parts.map((x, g) => materialise(part(call, conv, given(x), pad, stride, g * count, count)));
  return give(given(tf.concat(results, 3)));
}

/** One group's convolution. */
function part(
  call: RunCall,
  conv: Convolution,
  input: FrozenValue,
  pad: number,
  stride: 1 | 2 | null,
  from: number,
  count: number,
): FrozenValue {
  const filter = call.keep(`filter ${from}`, () => filterOf(conv, from, count));
  const bias = call.keep(`bias ${from}`, () => biasOf(conv, from, count));
  if (stride === null) {
    const strides = [...conv.strides] as [number, number];
    const y = tf.conv2d(materialise(input) as tf.Tensor4D, filter, strides, 'valid');
    return given(tf.add(y, bias));
  }
  const layer: FoldedLayer = call.keep(`layer ${from}`, () => new FoldedConv(filter, bias, { stride, pad }));
  return deferred({ conv: layer, input, residual: null, relu: false });
}

export const conv: Operator = { infer, run };
