import type { ActivationName, LayerOp, MergeName, Padding, Pair } from '../graph/layerGraph';
import type { GraphBuilder } from '../graph/graphBuilder';
import type { StateTensor } from '../stateDict';
import { activation } from '../keras/activations';
import type { Attributes } from './attributes';

/** An input of a node: an earlier step, or a constant of the file. */
export type Operand =
  | { readonly kind: 'step'; readonly index: number }
  | { readonly kind: 'constant'; readonly name: string; readonly tensor: StateTensor };

/** One node of TensorFlow's graph while it is taken over. */
export interface NodeCall {
  readonly builder: GraphBuilder;
  readonly name: string;
  readonly op: string;
  readonly attributes: Attributes;
  readonly operands: readonly Operand[];
}

/** @returns the index of the node's output. */
type NodeMaker = (call: NodeCall) => number;

function add(call: NodeCall, op: LayerOp, inputs: readonly number[]): number {
  return call.builder.add(call.name, call.op, op, inputs);
}

function refuse(call: NodeCall, what: string): Error {
  return call.builder.unsupported(
    `uses ${what} in the node ${call.name} (${call.op}), which is not supported`,
  );
}

function step(call: NodeCall, at: number): number {
  const operand = call.operands[at];
  if (operand?.kind === 'step') return operand.index;
  throw refuse(call, `a constant as input ${at}`);
}

/** A constant's name, kept with the model. */
function weight(call: NodeCall, at: number): string {
  const operand = call.operands[at];
  if (operand?.kind === 'constant') return call.builder.keep(operand.name, operand.tensor);
  throw refuse(call, `a computed tensor as input ${at}`);
}

function numbers(call: NodeCall, at: number): readonly number[] {
  const operand = call.operands[at];
  if (operand?.kind === 'constant') return Array.from(operand.tensor.data, Number);
  throw refuse(call, `a computed tensor as input ${at}`);
}

function requireImages(call: NodeCall): void {
  const format = call.attributes.text('data_format');
  if (format !== null && format !== 'NHWC') throw refuse(call, `the layout ${format}`);
}

function pairOf(call: NodeCall, name: string): Pair {
  const list = call.attributes.integers(name);
  if (list.length === 0) return [1, 1];
  const [batch, height, width, channels] = list;
  const fits = list.length === 4 && batch === 1 && channels === 1;
  if (!fits || !isSide(height) || !isSide(width)) throw refuse(call, `${name} of ${list.join(', ')}`);
  return [height, width];
}

function isSide(value: number | undefined): value is number {
  return value !== undefined && Number.isInteger(value) && value >= 1 && value <= 65_536;
}

function paddingOf(call: NodeCall): Padding {
  const padding = call.attributes.text('padding')?.toUpperCase();
  if (padding === 'SAME') return 'same';
  if (padding === 'VALID') return 'valid';
  const [, , top, bottom, left, right] = call.attributes.integers('explicit_paddings');
  const sides = [top, bottom, left, right];
  if (padding !== 'EXPLICIT' || !sides.every((side) => side !== undefined && side >= 0 && side <= 65_536))
    throw refuse(call, `padding ${padding ?? 'none'}`);
  return [top ?? 0, bottom ?? 0, left ?? 0, right ?? 0];
}

const ACTIVATIONS: Readonly<Record<string, LayerOp>> = {
  Relu: activation('relu'),
  Relu6: activation('relu6'),
  Elu: activation('elu', 1),
  Selu: activation('selu'),
  Sigmoid: activation('sigmoid'),
  Tanh: activation('tanh'),
  Softplus: activation('softplus'),
  Softsign: activation('softsign'),
  Exp: activation('exp'),
  Sqrt: activation('sqrt'),
  Rsqrt: activation('rsqrt'),
  Square: activation('square'),
  Abs: activation('abs'),
  Neg: activation('negate'),
};

/** Bias and activation that the converter fused into a node. */
function fused(call: NodeCall): { readonly bias: string | null; readonly then: LayerOp | null } {
  let bias: string | null = null;
  let then: LayerOp | null = null;
  for (const name of call.attributes.texts('fused_ops')) {
    const known = Object.hasOwn(ACTIVATIONS, name) ? ACTIVATIONS[name] : undefined;
    if (name === 'BiasAdd') bias = weight(call, 2);
    else if (name === 'LeakyRelu')
      then = activation('leaky-relu', call.attributes.float('leakyrelu_alpha', 0.2));
    else if (name === 'Prelu') then = { kind: 'prelu', slope: weight(call, 3) };
    else if (known !== undefined) then = known;
    else if (name !== 'noop') throw refuse(call, `the fused ${name}`);
  }
  return { bias, then };
}

function followed(call: NodeCall, index: number, then: LayerOp | null): number {
  return then === null ? index : add(call, then, [index]);
}

const convolution =
  (kind: 'conv' | 'depthwise'): NodeMaker =>
  (call) => {
    requireImages(call);
    const { bias, then } = fused(call);
    const kernel = weight(call, 1);
    const strides = pairOf(call, 'strides');
    const op = {
      kind,
      kernel,
      bias,
      strides,
      dilations: pairOf(call, 'dilations'),
      padding: paddingOf(call),
    };
    return followed(call, add(call, op, [step(call, 0)]), then);
  };

const matMul: NodeMaker = (call) => {
  if (call.attributes.boolean('transpose_a', false)) throw refuse(call, 'transpose_a');
  const { bias, then } = fused(call);
  const operand = call.operands[1];
  let kernel = weight(call, 1);
  if (call.attributes.boolean('transpose_b', false) && operand?.kind === 'constant') {
    if (operand.tensor.shape.length !== 2 || operand.tensor.data.length === 0)
      throw refuse(call, `a matrix of shape [${operand.tensor.shape.join(', ')}]`);
    kernel = call.builder.keep(`${call.name}/transposed`, transposed(operand.tensor));
  }
  return followed(call, add(call, { kind: 'dense', kernel, bias }, [step(call, 0)]), then);
};

function transposed({ dtype, shape, data }: StateTensor): StateTensor {
  const [rows = 0, columns = 0] = shape;
  const turned = new Float32Array(data.length);
  for (let r = 0; r < rows; r++)
    for (let c = 0; c < columns; c++) turned[c * rows + r] = data[r * columns + c] ?? 0;
  return { dtype, shape: [columns, rows], data: turned };
}

const batchNorm: NodeMaker = (call) => {
  requireImages(call);
  if (call.attributes.boolean('is_training', true)) throw refuse(call, "the batch's own statistics");
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((at) => weight(call, at));
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined)
    throw refuse(call, 'too few inputs');
  const epsilon = call.attributes.float('epsilon', 1e-3);
  return add(call, { kind: 'batch-norm', gamma, beta, mean, variance, epsilon }, [step(call, 0)]);
};

const binary =
  (by: MergeName): NodeMaker =>
  (call) => {
    const [a, b] = call.operands;
    if (a === undefined || b === undefined) throw refuse(call, 'too few inputs');
    if (a.kind === 'step' && b.kind === 'step') return add(call, { kind: 'merge', by }, [a.index, b.index]);
    const first = a.kind === 'constant';
    return add(call, { kind: 'with-constant', by, constant: weight(call, first ? 0 : 1), first }, [
      step(call, first ? 1 : 0),
    ]);
  };

const pool =
  (by: 'max' | 'average'): NodeMaker =>
  (call) => {
    requireImages(call);
    const padding = paddingOf(call);
    if (typeof padding !== 'string') throw refuse(call, 'explicit padding');
    const size = pairOf(call, 'ksize');
    return add(call, { kind: 'pool', by, size, strides: pairOf(call, 'strides'), padding }, [step(call, 0)]);
  };

const reduce =
  (by: 'mean' | 'max' | 'sum'): NodeMaker =>
  (call) => {
    const axes = numbers(call, 1);
    if (axes.some((axis) => axis < 1)) throw refuse(call, `the axes ${axes.join(', ')}`);
    return add(call, { kind: 'reduce', by, axes, keepDims: call.attributes.boolean('keep_dims', false) }, [
      step(call, 0),
    ]);
  };

const reshape: NodeMaker = (call) => {
  // The batch's place is -1 or whatever batch the graph was made with.
  const [, ...shape] = numbers(call, 1);
  if (shape.length === 0 || shape.length > 5) throw refuse(call, 'a shape without a batch');
  return add(call, { kind: 'reshape', shape }, [step(call, 0)]);
};

const squeeze: NodeMaker = (call) => {
  const axes = call.attributes.integers('squeeze_dims');
  if (axes.length === 0 || axes.some((axis) => axis < 1))
    throw refuse(call, `the axes ${axes.join(', ') || '(all)'}`);
  // The mean over an axis of length one is that axis taken away.
  return add(call, { kind: 'reduce', by: 'mean', axes, keepDims: false }, [step(call, 0)]);
};

const transpose: NodeMaker = (call) => {
  const [batch, ...axes] = numbers(call, 1);
  if (batch !== 0) throw refuse(call, 'an order that moves the batch');
  return add(call, { kind: 'permute', axes }, [step(call, 0)]);
};

const pad: NodeMaker = (call) => {
  const all = numbers(call, 1);
  const [b0, b1, top = -1, bottom = -1, left = -1, right = -1, c0, c1] = all;
  const sides = [top, bottom, left, right] as const;
  if (
    all.length !== 8 ||
    [b0, b1, c0, c1].some((side) => side !== 0) ||
    sides.some((side) => side < 0 || side > 65_536)
  )
    throw refuse(call, `the padding ${all.join(', ')}`);
  const mode =
    call.op === 'MirrorPad'
      ? call.attributes.text('mode') === 'SYMMETRIC'
        ? 'symmetric'
        : 'reflect'
      : 'constant';
  const value = call.op === 'PadV2' ? (numbers(call, 2)[0] ?? 0) : 0;
  return add(call, { kind: 'pad', sides, mode, value }, [step(call, 0)]);
};

const concat: NodeMaker = (call) => {
  const last = call.operands.length - 1;
  const [axis = 0] = numbers(call, last);
  const inputs = call.operands.slice(0, last).map((_, i) => step(call, i));
  return add(call, { kind: 'concat', axis }, inputs);
};

const element =
  (name: ActivationName, alpha = 0, limit = 0): NodeMaker =>
  (call) =>
    add(call, activation(name, alpha, limit), [step(call, 0)]);

const clip: NodeMaker = (call) => {
  const [low] = numbers(call, 1);
  const [high] = numbers(call, 2);
  return add(call, activation('clip', low, high), [step(call, 0)]);
};

const identity: NodeMaker = (call) => add(call, { kind: 'identity' }, [step(call, 0)]);

/** Every operation of a graph model that can be run, by TensorFlow's names. */
export const NODE_OPS: Readonly<Record<string, NodeMaker>> = {
  Conv2D: convolution('conv'),
  _FusedConv2D: convolution('conv'),
  DepthwiseConv2d: convolution('depthwise'),
  DepthwiseConv2dNative: convolution('depthwise'),
  FusedDepthwiseConv2dNative: convolution('depthwise'),
  MatMul: matMul,
  _FusedMatMul: matMul,
  BatchMatMulV2: matMul,
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  BiasAdd: binary('add'),
  Add: binary('add'),
  AddV2: binary('add'),
  Sub: binary('subtract'),
  Mul: binary('multiply'),
  RealDiv: binary('divide'),
  Maximum: binary('maximum'),
  Minimum: binary('minimum'),
  ...Object.fromEntries(
    Object.entries(ACTIVATIONS).map(([name, op]): [string, NodeMaker] => [
      name,
      (call) => add(call, op, [step(call, 0)]),
    ]),
  ),
  LeakyRelu: (call) => element('leaky-relu', call.attributes.float('alpha', 0.2))(call),
  Prelu: (call) => add(call, { kind: 'prelu', slope: weight(call, 1) }, [step(call, 0)]),
  ClipByValue: clip,
  MaxPool: pool('max'),
  AvgPool: pool('average'),
  Mean: reduce('mean'),
  Max: reduce('max'),
  Sum: reduce('sum'),
  Reshape: reshape,
  Squeeze: squeeze,
  Transpose: transpose,
  Pad: pad,
  PadV2: pad,
  MirrorPad: pad,
  ConcatV2: concat,
  Softmax: (call) => add(call, { kind: 'softmax' }, [step(call, 0)]),
  Identity: identity,
  StopGradient: identity,
  PreventGradient: identity,
  Snapshot: identity,
};
