import type { OnnxTensor } from '../../../formats/models/onnx/onnxModel';
import { scaleAndShift } from '../../nn/ops/scaleAndShift';
import { standardise } from '../../nn/ops/tokenTensors';
import { tf } from '../../tf';
import { countOf } from '../hostTensor';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type GraphValue, type Known, type Operator } from '../types';

/** What evaluation-mode batch-norm multiplies each channel by and adds to it, in float64. @throws OnnxProblem. */
export function batchNormOf(call: NodeCall): { scale: Float64Array; shift: Float64Array } {
  if (call.int('training_mode', 0) === 1)
    throw new OnnxProblem('is in training mode: export the model for evaluation');
  if (call.int('spatial', 1) === 0)
    throw new OnnxProblem('normalises each pixel by itself, which is not supported');
  const [weight, bias, mean, variance] = [1, 2, 3, 4].map((i) => call.host(i, 'statistics').data);
  const channels = call.input(0).shape[1] ?? 0;
  if ([weight, bias, mean, variance].some((part) => part?.length !== channels))
    throw new OnnxProblem(`has statistics of another size than its ${channels} channels`);
  const epsilon = call.float('epsilon', 1e-5);
  const at = (part: ArrayLike<number> | undefined, c: number): number => part?.[c] ?? 0;
  const scale = Float64Array.from(
    { length: channels },
    (_, c) => at(weight, c) / Math.sqrt(at(variance, c) + epsilon),
  );
  const shift = Float64Array.from(
    { length: channels },
    (_, c) => at(bias, c) - at(mean, c) * (scale[c] ?? 0),
  );
  return { scale, shift };
}

function same(call: NodeCall): Known[] {
  const { shape } = call.input(0);
  return [{ shape, kind: 'float', host: null }];
}

const batchNorm: Operator = {
  infer: (call) => {
    batchNormOf(call);
    if (call.input(0).shape.length < 2) throw new OnnxProblem('works on a value without channels');
    return same(call);
  },
  run: (call) => {
    const { scale, shift } = batchNormOf(call.known);
    const s = call.keep('scale', () => tf.tensor1d(Float32Array.from(scale)));
    const b = call.keep('shift', () => tf.tensor1d(Float32Array.from(shift)));
    const { length: rank } = call.shape();
    if (rank === 4) return [call.giveImages(scaleAndShift(call.images(0), s, b, false))];
    if (rank === 2) return [call.givePlain(scaleAndShift(call.plain(0), s, b, false))];
    const wide = [1, -1, ...new Array<number>(rank - 2).fill(1)];
    return [call.givePlain(tf.add(tf.mul(call.plain(0), tf.reshape(s, wide)), tf.reshape(b, wide)))];
  },
};

/** Rows standardised: `rows` of them, whatever is behind. */
function standard(x: tf.Tensor, rows: number, epsilon: number): tf.Tensor {
  return tf.reshape(standardise(tf.reshape(x, [rows, x.size / rows]), epsilon), x.shape);
}

function affine(
  call: RunCall,
  y: tf.Tensor,
  scale: OnnxTensor,
  bias: OnnxTensor | null,
  shape: readonly number[],
): GraphValue[] {
  const constant = (name: string, { data }: OnnxTensor): tf.Tensor =>
    call.keep(name, () => tf.tensor(Float32Array.from(data), [...shape]));
  const scaled = tf.mul(y, constant('scale', scale));
  return [call.givePlain(bias ? tf.add(scaled, constant('bias', bias)) : scaled)];
}

const layerNorm: Operator = {
  infer: (call) => {
    const { shape } = call.input(0);
    const axis = call.axis(call.int('axis', -1), shape.length);
    const scale = call.host(1, 'scale');
    call.optionalHost(2, 'bias');
    if (scale.data.length !== countOf(shape.slice(axis)))
      throw new OnnxProblem(`has a scale [${scale.shape.join(', ')}] for [${shape.join(', ')}]`);
    if (call.node.outputs.filter((name) => name !== '').length > 1)
      throw new OnnxProblem('gives its statistics too, which is not supported');
    return same(call);
  },
  run: (call) => {
    const { known } = call;
    const { shape } = known.input(0);
    const axis = known.axis(known.int('axis', -1), shape.length);
    const y = standard(call.plain(0), countOf(shape.slice(0, axis)), known.float('epsilon', 1e-5));
    return affine(call, y, known.host(1, 'scale'), known.optionalHost(2, 'bias'), shape.slice(axis));
  },
};

/** Channels behind one another: [C] as [1, C, 1, ...]. */
function perChannel(channels: number, rank: number): number[] {
  return [1, channels, ...new Array<number>(rank - 2).fill(1)];
}

const instanceNorm: Operator = {
  infer: (call) => {
    const [, channels] = call.input(0).shape;
    if (call.host(1, 'scale').data.length !== channels || call.host(2, 'bias').data.length !== channels)
      throw new OnnxProblem(`has a scale of another size than its ${channels} channels`);
    return same(call);
  },
  run: (call) => {
    const [batch = 1, channels = 1] = call.shape();
    const y = standard(call.plain(0), batch * channels, call.known.float('epsilon', 1e-5));
    const wide = perChannel(channels, call.shape().length);
    return affine(call, y, call.known.host(1, 'scale'), call.known.host(2, 'bias'), wide);
  },
};

function groupsOf(call: NodeCall): number {
  const groups = call.int('num_groups', 0);
  const channels = call.input(0).shape[1] ?? 0;
  if (groups < 1 || channels % groups !== 0)
    throw new OnnxProblem(`has ${groups} groups for ${channels} channels`);
  return groups;
}

/** Scale and bias are a group's up to operator set 20 and a channel's from 21 on. */
const groupNorm: Operator = {
  infer: (call) => {
    const groups = groupsOf(call);
    const { length } = call.host(1, 'scale').data;
    if (length !== groups && length !== call.input(0).shape[1])
      throw new OnnxProblem(`has a scale of ${length} for ${groups} groups`);
    call.host(2, 'bias');
    return same(call);
  },
  run: (call) => {
    const [batch = 1, channels = 1] = call.shape();
    const groups = groupsOf(call.known);
    const y = standard(call.plain(0), batch * groups, call.known.float('epsilon', 1e-5));
    const spread = (host: OnnxTensor): OnnxTensor => {
      const share = channels / host.data.length;
      const data = Float32Array.from({ length: channels }, (_, c) => host.data[Math.floor(c / share)] ?? 0);
      return { kind: 'float', shape: [channels], data };
    };
    const wide = perChannel(channels, call.shape().length);
    return affine(call, y, spread(call.known.host(1, 'scale')), spread(call.known.host(2, 'bias')), wide);
  },
};

/** Up to operator set 12 everything from `axis` on is one distribution; from 13 on `axis` alone is. */
function softmax(f: (x: tf.Tensor) => tf.Tensor): Operator {
  return {
    infer: (call) => {
      const { shape } = call.input(0);
      call.axis(call.int('axis', call.opset < 13 ? 1 : -1), shape.length);
      return same(call);
    },
    run: (call) => {
      const { known } = call;
      const { shape } = known.input(0);
      const axis = known.axis(known.int('axis', known.opset < 13 ? 1 : -1), shape.length);
      if (known.opset < 13) {
        const rows = countOf(shape.slice(0, axis));
        const x = call.plain(0);
        return [call.givePlain(tf.reshape(f(tf.reshape(x, [rows, x.size / rows])), x.shape))];
      }
      if (call.isImages(0) && axis === 1) return [call.giveImages(f(call.images(0)))];
      const x = call.plain(0);
      if (axis === shape.length - 1) return [call.givePlain(f(x))];
      const order = shape.map((_, i) => (i === axis ? shape.length - 1 : i === shape.length - 1 ? axis : i));
      return [call.givePlain(tf.transpose(f(tf.transpose(x, order)), order))];
    },
  };
}

export const NORMS: Readonly<Record<string, Operator>> = {
  BatchNormalization: batchNorm,
  LayerNormalization: layerNorm,
  InstanceNormalization: instanceNorm,
  GroupNormalization: groupNorm,
  Softmax: softmax((x) => tf.softmax(x)),
  LogSoftmax: softmax((x) => tf.logSoftmax(x)),
};
