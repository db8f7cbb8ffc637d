import type { OnnxTensor } from '../../../formats/models/onnx/onnxModel';
import { given, materialise } from '../../nn/frozenGraph';
import { tf } from '../../tf';
import {
  broadcastHost,
  broadcastShapes,
  countOf,
  hostInts,
  makeHost,
  reshapeHost,
  transposeHost,
} from '../hostTensor';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type GraphValue, type Known, type Operator } from '../types';

/** Operators that only give their input another shape. */
function reshaping(shapeOf: (call: NodeCall, shape: readonly number[]) => readonly number[]): Operator {
  return {
    infer: (call) => {
      const { shape, kind, host } = call.input(0);
      const wanted = shapeOf(call, shape);
      if (countOf(wanted) !== countOf(shape))
        throw new OnnxProblem(`gives [${shape.join(', ')}] the shape [${wanted.join(', ')}]`);
      return [{ shape: wanted, kind, host: host && reshapeHost(host, wanted) }];
    },
    run: (call) => [call.givePlain(tf.reshape(call.plain(0), call.shape()))],
  };
}

/**
 * The shape that a Reshape asks for. A file written for one fixed batch says that batch's size in numbers; for another batch, they are
 * read as "the batch".
 */
function reshapeTarget(call: NodeCall, shape: readonly number[]): number[] {
  const wanted = Array.from(call.host(1, 'shape').data);
  const keepZero = call.int('allowzero', 0) === 1;
  const target = wanted.map((size, axis) => (size === 0 && !keepZero ? (shape[axis] ?? 0) : size));
  const { actual, declared } = call.batch;
  const total = countOf(shape);
  const free = target.indexOf(-1);
  if (free !== target.lastIndexOf(-1)) throw new OnnxProblem('leaves two sizes open');
  if (declared !== null && actual !== declared && call.input(0).host === null) {
    const product = target.reduce((sum, size) => sum * (size === -1 ? 1 : size), 1);
    const [first] = target;
    if (free >= 0 ? first === declared : product !== total) {
      const at = first === declared ? 0 : target.indexOf(declared);
      if (at >= 0 && (at === 0 || at === target.lastIndexOf(declared))) target[at] = actual;
    }
  }
  if (free >= 0) {
    const others = target.reduce((sum, size) => sum * (size === -1 ? 1 : size), 1);
    target[free] = others > 0 ? total / others : 0;
  }
  return target;
}

function squeezed(call: NodeCall, shape: readonly number[]): number[] {
  const axes = call.intsOf('axes', 1)?.map((axis) => call.axis(axis, shape.length));
  const gone = axes ?? shape.flatMap((size, axis) => (size === 1 ? [axis] : []));
  for (const axis of gone)
    if (shape[axis] !== 1) throw new OnnxProblem(`drops axis ${axis} of size ${shape[axis]}`);
  return shape.filter((_, axis) => !gone.includes(axis));
}

function unsqueezed(call: NodeCall, shape: readonly number[]): number[] {
  const given = call.intsOf('axes', 1);
  if (!given) throw new OnnxProblem('names no axes');
  const rank = shape.length + given.length;
  const axes = given.map((axis) => call.axis(axis, rank));
  if (new Set(axes).size !== axes.length) throw new OnnxProblem('names an axis twice');
  const rest = [...shape];
  return Array.from({ length: rank }, (_, axis) => (axes.includes(axis) ? 1 : (rest.shift() ?? 1)));
}

function flattened(call: NodeCall, shape: readonly number[]): number[] {
  const axis = call.int('axis', 1);
  const at = axis === shape.length ? axis : call.axis(axis, shape.length);
  return [countOf(shape.slice(0, at)), countOf(shape.slice(at))];
}

function orderOf(call: NodeCall, rank: number): readonly number[] {
  const order = call.numbers('perm') ?? Array.from({ length: rank }, (_, i) => rank - 1 - i);
  if (
    order.length !== rank ||
    new Set(order).size !== rank ||
    order.some((axis) => !(axis >= 0 && axis < rank))
  )
    throw new OnnxProblem(`reorders rank ${rank} by [${order.join(', ')}]`);
  return order;
}

const transpose: Operator = {
  infer: (call) => {
    const { shape, kind, host } = call.input(0);
    const order = orderOf(call, shape.length);
    return [{ shape: order.map((axis) => shape[axis] ?? 1), kind, host: host && transposeHost(host, order) }];
  },
  run: (call) => {
    const order = [...orderOf(call.known, call.known.input(0).shape.length)];
    const { value, nhwc } = call.value(0);
    // Between the two orders nothing has to move: the numbers lie as the other one says already.
    if (nhwc && String(order) === '0,2,3,1') return [call.givePlain(materialise(value))];
    if (!nhwc && String(order) === '0,3,1,2') return [call.giveImages(materialise(value))];
    return [call.givePlain(tf.transpose(call.plain(0), order))];
  },
};

const shape: Operator = {
  infer: (call) => {
    const { shape: whole } = call.input(0);
    const clamp = (at: number): number =>
      Math.max(0, Math.min(whole.length, at < 0 ? at + whole.length : at));
    const part = whole.slice(clamp(call.int('start', 0)), clamp(call.int('end', whole.length)));
    return [{ shape: [part.length], kind: 'int', host: hostInts(part) }];
  },
  run: never,
};

/** For operators that are always known beforehand. */
function never(): GraphValue[] {
  throw new Error('A constant was to be computed.');
}

/** A constant as what is known of it. */
function knownOf(host: OnnxTensor): Known[] {
  return [{ shape: host.shape, kind: host.kind, host }];
}

const constant: Operator = {
  infer: (call) => {
    const tensor = call.tensor('value');
    if (tensor) return knownOf(tensor);
    const { attributes } = call.node;
    for (const name of ['value_float', 'value_int', 'value_floats', 'value_ints']) {
      const attribute = attributes.get(name);
      if (!attribute || attribute.kind === 'other') continue;
      const values = call.numbers(name) ?? [call.float(name, 0)];
      const scalar = call.numbers(name) === null;
      if (name.includes('int')) return knownOf(hostInts(values, scalar));
      return knownOf({
        kind: 'float',
        shape: scalar ? [] : [values.length],
        data: Float32Array.from(values),
      });
    }
    throw new OnnxProblem('has a value of a kind that is not supported');
  },
  run: never,
};

const constantOfShape: Operator = {
  infer: (call) => {
    const value = call.tensor('value');
    const out = makeHost(Array.from(call.host(0, 'shape').data), value?.kind ?? 'float');
    out.data.fill(value?.data[0] ?? 0);
    return knownOf(out);
  },
  run: never,
};

const range: Operator = {
  infer: (call) => {
    const [start = 0, limit = 0, step = 1] = [0, 1, 2].map((i) => call.host(i, 'bounds').data[0] ?? 0);
    const out = makeHost([Math.max(0, Math.ceil((limit - start) / step))], call.input(0).kind);
    for (let i = 0; i < out.data.length; i++) out.data[i] = start + i * step;
    return knownOf(out);
  },
  run: never,
};

const expand: Operator = {
  infer: (call) => {
    const { shape: own, kind, host } = call.input(0);
    const wanted = broadcastShapes(own, Array.from(call.host(1, 'shape').data));
    return [{ shape: wanted, kind, host: host && broadcastHost(host, wanted) }];
  },
  run: (call) => {
    const x = call.plain(0);
    const wanted = call.shape();
    return [call.givePlain(String(x.shape) === String(wanted) ? x.clone() : tf.broadcastTo(x, wanted))];
  },
};

function repeatsOf(call: NodeCall): number[] {
  const repeats = Array.from(call.host(1, 'repeats').data);
  if (repeats.length !== call.input(0).shape.length || repeats.some((n) => !(n >= 1)))
    throw new OnnxProblem(`repeats [${call.input(0).shape.join(', ')}] by [${repeats.join(', ')}]`);
  return repeats;
}

const tile: Operator = {
  infer: (call) => {
    const repeats = repeatsOf(call);
    const { shape: own, kind } = call.input(0);
    return [{ shape: own.map((size, axis) => size * (repeats[axis] ?? 1)), kind, host: null }];
  },
  run: (call: RunCall) => {
    // Axis by axis: tfjs's own gradient ends at rank four.
    const repeats = repeatsOf(call.known);
    let x = call.plain(0);
    repeats.forEach((count, axis) => {
      if (count > 1) x = tf.concat(new Array<tf.Tensor>(count).fill(x), axis);
    });
    return [call.givePlain(x.clone())];
  },
};

/** In evaluation dropout does nothing. */
const dropout: Operator = {
  infer: (call) => {
    if (call.optional(2) && call.host(2, 'training mode').data[0] === 1)
      throw new OnnxProblem('is in training mode: export the model for evaluation');
    const { shape: own, kind, host } = call.input(0);
    const ones: Known = { shape: own, kind: 'bool', host: null };
    return call.node.outputs.length > 1 ? [{ shape: own, kind, host }, ones] : [{ shape: own, kind, host }];
  },
  run: (call) => {
    const { value, nhwc } = call.value(0);
    const through: GraphValue = { value, nhwc, shape: call.shape() };
    return call.outputCount === 1 ? [through] : [through, call.givePlain(tf.ones(call.shape()), 1)];
  },
};

/** Blocks of channels to rows and columns, or back. */
function blocks(toSpace: boolean): Operator {
  const parts = (call: NodeCall): [number, number, number, number, number] => {
    const [n = 1, c = 1, h = 1, w = 1] = call.input(0).shape;
    const b = call.int('blocksize', 0);
    const fits = b >= 1 && (toSpace ? c % (b * b) === 0 : h % b === 0 && w % b === 0);
    if (call.input(0).shape.length !== 4 || !fits)
      throw new OnnxProblem(`has blocks of ${b} on [${[n, c, h, w].join(', ')}]`);
    return [n, c, h, w, b];
  };
  return {
    infer: (call) => {
      const [n, c, h, w, b] = parts(call);
      const wanted = toSpace ? [n, c / (b * b), h * b, w * b] : [n, c * b * b, h / b, w / b];
      return [{ shape: wanted, kind: 'float', host: null }];
    },
    run: (call) => {
      const [n, c, h, w, b] = parts(call.known);
      const x = call.plain(0);
      if (!toSpace) {
        const split = tf.transpose(tf.reshape(x, [n, c, h / b, b, w / b, b]), [0, 3, 5, 1, 2, 4]);
        return [call.givePlain(tf.reshape(split, call.shape()))];
      }
      const columnsLast = call.known.text('mode', 'DCR') === 'CRD';
      const deep = c / (b * b);
      const split = columnsLast
        ? tf.transpose(tf.reshape(x, [n, deep, b, b, h, w]), [0, 1, 4, 2, 5, 3])
        : tf.transpose(tf.reshape(x, [n, b, b, deep, h, w]), [0, 3, 4, 1, 5, 2]);
      return [call.givePlain(tf.reshape(split, call.shape()))];
    },
  };
}

export const SHAPES: Readonly<Record<string, Operator>> = {
  Reshape: reshaping(reshapeTarget),
  Squeeze: reshaping(squeezed),
  Unsqueeze: reshaping(unsqueezed),
  Flatten: reshaping(flattened),
  Transpose: transpose,
  Shape: shape,
  Size: {
    infer: (call) => knownOf(hostInts([countOf(call.input(0).shape)], true)),
    run: never,
  },
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  Expand: expand,
  Tile: tile,
  Dropout: dropout,
  DepthToSpace: blocks(true),
  SpaceToDepth: blocks(false),
  Identity: {
    infer: (call) => [call.input(0)],
    run: (call) => {
      const { value, nhwc } = call.value(0);
      return [{ value: value.tensor ? given(value.tensor) : value, nhwc, shape: call.shape() }];
    },
  },
};
