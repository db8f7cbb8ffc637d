import { deferred } from '../../nn/frozenGraph';
import { activate } from '../../nn/ops/activations';
import { tf } from '../../tf';
import { broadcastHost, broadcastShapes, mapHost, zipHost } from '../hostTensor';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type GraphValue, type Known, type Operator } from '../types';
import type { OnnxKind } from '../../../formats/models/onnx/onnxModel';

/** An operator of one input, element by element. @param host the same on a number. */
function unary(
  device: (x: tf.Tensor, call: NodeCall) => tf.Tensor,
  host: ((value: number, call: NodeCall) => number) | null = null,
): Operator {
  return {
    infer: (call) => {
      const { shape, kind, host: known } = call.input(0);
      return [
        { shape, kind, host: known && host ? mapHost(known, kind, (value) => host(value, call)) : null },
      ];
    },
    run: (call) => call.each((x) => device(x, call.known)),
  };
}

/** A ReLU (or ReLU6) that a convolution still to be computed takes along. */
function rectify(call: RunCall, relu: true | 6): GraphValue[] {
  const { value, nhwc, shape } = call.value(0);
  const { step, tensor } = value;
  if (nhwc && tensor === null && step !== null && step.relu === false && call.sole(0))
    return [{ value: deferred({ ...step, relu }), nhwc, shape }];
  return call.each((x) => (relu === 6 ? tf.relu6(x) : tf.relu(x)));
}

export const relu: Operator = {
  infer: unary(tf.relu, (x) => Math.max(0, x)).infer,
  run: (call) => rectify(call, true),
};

/** Lower and upper bound: attributes up to operator set 10, inputs from 11 on. */
function boundsOf(call: NodeCall): [number, number] {
  const at = (name: string, index: number, otherwise: number): number =>
    call.opset < 11 ? call.float(name, otherwise) : (call.optionalHost(index, name)?.data[0] ?? otherwise);
  return [at('min', 1, -Infinity), at('max', 2, Infinity)];
}

/** tfjs wants finite bounds. */
const finite = (value: number): number => Math.max(-3.4e38, Math.min(3.4e38, value));

export const clip: Operator = {
  infer: (call) => {
    const [low, high] = boundsOf(call);
    const { shape, kind, host } = call.input(0);
    return [{ shape, kind, host: host && mapHost(host, kind, (x) => Math.min(high, Math.max(low, x))) }];
  },
  run: (call) => {
    const [low, high] = boundsOf(call.known);
    if (low === 0 && (high === 6 || high >= 3e38)) return rectify(call, high === 6 ? 6 : true);
    if (low > high) return call.each((x) => tf.fill(x.shape, high));
    return call.each((x) => tf.clipByValue(x, finite(low), finite(high)));
  },
};

const hardSigmoid = (x: tf.Tensor, slope: number, offset: number): tf.Tensor =>
  tf.clipByValue(tf.add(tf.mul(x, slope), offset), 0, 1);

/** Toward zero; its gradient is zero. */
const truncate = (x: tf.Tensor): tf.Tensor => tf.mul(tf.sign(x), tf.floor(tf.abs(x)));

const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x));

/** Half the tanh approximation of GELU, which operator set 20 offers. */
function geluTanh(x: tf.Tensor): tf.Tensor {
  const inner = tf.mul(tf.add(x, tf.mul(tf.mul(tf.square(x), x), 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** Activations and functions of one number. */
export const UNARY: Readonly<Record<string, Operator>> = {
  Relu: relu,
  Clip: clip,
  LeakyRelu: unary((x, call) => tf.leakyRelu(x, call.float('alpha', 0.01))),
  Elu: unary((x, call) => {
    const alpha = call.float('alpha', 1);
    if (alpha === 1) return tf.elu(x);
    return tf.sub(tf.relu(x), tf.mul(tf.sub(1, tf.exp(tf.neg(tf.relu(tf.neg(x))))), alpha));
  }),
  Celu: unary((x, call) => {
    const alpha = call.float('alpha', 1);
    return tf.sub(tf.relu(x), tf.mul(tf.sub(1, tf.exp(tf.div(tf.neg(tf.relu(tf.neg(x))), alpha))), alpha));
  }),
  Selu: unary((x) => tf.selu(x)),
  Sigmoid: unary((x) => tf.sigmoid(x), sigmoid),
  HardSigmoid: unary((x, call) => hardSigmoid(x, call.float('alpha', 0.2), call.float('beta', 0.5))),
  HardSwish: unary((x) => tf.mul(x, hardSigmoid(x, 1 / 6, 0.5))),
  Tanh: unary((x) => tf.tanh(x), Math.tanh),
  Softplus: unary((x) => tf.softplus(x)),
  Softsign: unary((x) => tf.div(x, tf.add(tf.abs(x), 1))),
  Mish: unary((x) => tf.mul(x, tf.tanh(tf.softplus(x)))),
  Gelu: unary((x, call) => (call.text('approximate', 'none') === 'tanh' ? geluTanh(x) : activate(x, 'gelu'))),
  Erf: unary((x) => tf.erf(x)),
  Sqrt: unary((x) => tf.sqrt(x), Math.sqrt),
  Exp: unary((x) => tf.exp(x), Math.exp),
  Log: unary((x) => tf.log(x), Math.log),
  Neg: unary((x) => tf.neg(x), (x) => -x),
  Abs: unary((x) => tf.abs(x), Math.abs),
  Sign: unary((x) => tf.sign(x), Math.sign),
  Floor: unary((x) => tf.floor(x), Math.floor),
  Ceil: unary((x) => tf.ceil(x), Math.ceil),
  Round: unary((x) => tf.round(x)),
  Reciprocal: unary((x) => tf.div(1, x), (x) => 1 / x),
  Sin: unary((x) => tf.sin(x), Math.sin),
  Cos: unary((x) => tf.cos(x), Math.cos),
  Not: unary((x) => tf.sub(1, x), (x) => 1 - x),
  Identity: unary((x) => x.clone(), (x) => x),
}; // prettier-ignore

/** Inputs of one elementwise operation in one order of axes: as images where any of them is. */
function aligned(call: RunCall, indices: readonly number[]): { tensors: tf.Tensor[]; images: boolean } {
  const images = call.shape().length === 4 && indices.some((index) => call.isImages(index));
  return { images, tensors: indices.map((index) => (images ? call.spread(index) : call.plain(index))) };
}

function give(call: RunCall, tensor: tf.Tensor, images: boolean): GraphValue[] {
  return [images ? call.giveImages(tensor) : call.givePlain(tensor)];
}

interface Binary {
  readonly device: (a: tf.Tensor, b: tf.Tensor, call: NodeCall) => tf.Tensor;
  readonly host: (a: number, b: number) => number;
  /** The kind of the result, where it is not the first input's. */
  readonly kind?: OnnxKind;
}

function inferBinary(call: NodeCall, { host, kind }: Binary): Known[] {
  const [a, b] = [call.input(0), call.input(1)];
  const whole = a.kind === 'int' && b.kind === 'int' && kind === undefined;
  const f = whole ? (x: number, y: number) => Math.trunc(host(x, y)) : host;
  const result = kind ?? a.kind;
  return [
    {
      shape: broadcastShapes(a.shape, b.shape),
      kind: result,
      host: a.host && b.host ? zipHost(a.host, b.host, result, f) : null,
    },
  ];
}

function binary(spec: Binary): Operator {
  return {
    infer: (call) => inferBinary(call, spec),
    run: (call) => {
      const { tensors, images } = aligned(call, [0, 1]);
      const [a, b] = tensors as [tf.Tensor, tf.Tensor];
      const { known } = call;
      const y = spec.device(a, b, known);
      const whole = known.input(0).kind === 'int' && known.input(1).kind === 'int' && spec.kind === undefined;
      return give(call, whole ? truncate(y) : y, images);
    },
  };
}

const plus: Binary = { device: (a, b) => tf.add(a, b), host: (a, b) => a + b };

/** The sum of a residual connection goes into the convolution in front of it, where there is one that waits. */
const add: Operator = {
  infer: (call) => inferBinary(call, plus),
  run: (call) => {
    const shape = call.shape();
    for (const [mine, other] of [
      [0, 1],
      [1, 0],
    ] as const) {
      const { step, tensor } = call.value(mine).value;
      const { value, nhwc, shape: theirs } = call.value(other);
      const { shape: own } = call.value(mine);
      if (
        tensor !== null ||
        step === null ||
        step.residual !== null ||
        step.relu !== false ||
        !call.sole(mine)
      )
        continue;
      if (!nhwc || mine === other || String(own) !== String(theirs)) continue;
      return [{ value: deferred({ ...step, residual: value }), nhwc: true, shape }];
    }
    return binary(plus).run(call);
  },
};

/** A constant to a power that has a plain formula. */
function power(x: tf.Tensor, exponent: number | null, y: tf.Tensor): tf.Tensor {
  switch (exponent) {
    case 1:
      return x.clone();
    case 2:
      return tf.square(x);
    case 3:
      return tf.mul(tf.square(x), x);
    case 0.5:
      return tf.sqrt(x);
    case -0.5:
      return tf.rsqrt(x);
    case -1:
      return tf.div(1, x);
    default:
      return tf.pow(x, y);
  }
}

function exponentOf(call: NodeCall): number | null {
  const { host } = call.input(1);
  return host?.data.length === 1 ? (host.data[0] ?? null) : null;
}

/** tfjs has no gradient for greater, less and equal: these are steps, whose gradient is zero. */
const greater = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.step(tf.sub(a, b));
const unequal = (a: tf.Tensor, b: tf.Tensor): tf.Tensor => tf.step(tf.abs(tf.sub(a, b)));

/** Operators of two inputs, broadcast. */
export const BINARY: Readonly<Record<string, Operator>> = {
  Add: add,
  Sub: binary({ device: (a, b) => tf.sub(a, b), host: (a, b) => a - b }),
  Mul: binary({ device: (a, b) => tf.mul(a, b), host: (a, b) => a * b }),
  Div: binary({ device: (a, b) => tf.div(a, b), host: (a, b) => a / b }),
  Pow: binary({ device: (a, b, call) => power(a, exponentOf(call), b), host: (a, b) => a ** b }),
  PRelu: binary({
    device: (x, slope) => tf.sub(tf.relu(x), tf.mul(slope, tf.relu(tf.neg(x)))),
    host: (x, slope) => (x < 0 ? slope * x : x),
  }),
  Greater: binary({ device: greater, host: (a, b) => Number(a > b), kind: 'bool' }),
  Less: binary({ device: (a, b) => greater(b, a), host: (a, b) => Number(a < b), kind: 'bool' }),
  GreaterOrEqual: binary({
    device: (a, b) => tf.sub(1, greater(b, a)),
    host: (a, b) => Number(a >= b),
    kind: 'bool',
  }),
  LessOrEqual: binary({
    device: (a, b) => tf.sub(1, greater(a, b)),
    host: (a, b) => Number(a <= b),
    kind: 'bool',
  }),
  Equal: binary({
    device: (a, b) => tf.sub(1, unequal(a, b)),
    host: (a, b) => Number(a === b),
    kind: 'bool',
  }),
  And: binary({ device: (a, b) => tf.mul(a, b), host: (a, b) => a * b, kind: 'bool' }),
  Or: binary({ device: (a, b) => tf.maximum(a, b), host: (a, b) => Math.max(a, b), kind: 'bool' }),
  Xor: binary({ device: unequal, host: (a, b) => Number(a !== b), kind: 'bool' }),
};

/** Operators of any number of inputs. @param finish is given how many they were. */
function variadic(
  device: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor,
  host: (a: number, b: number) => number,
  finish: (x: tf.Tensor, count: number) => tf.Tensor = (x) => x,
): Operator {
  return {
    infer: (call) => {
      const inputs = call.node.inputs.map((_, index) => call.input(index));
      const [first] = inputs;
      if (!first) throw new OnnxProblem('has no inputs');
      const shape = inputs.reduce(
        (sum, { shape: next }) => broadcastShapes(sum, next),
        first.shape as number[],
      );
      const hosts = inputs.flatMap(({ host: known }) => (known ? [known] : []));
      const fold = hosts.length === inputs.length && first.kind === 'int';
      return [
        { shape, kind: first.kind, host: fold ? hosts.reduce((a, b) => zipHost(a, b, a.kind, host)) : null },
      ];
    },
    run: (call) => {
      const { tensors, images } = aligned(
        call,
        call.known.node.inputs.map((_, index) => index),
      );
      const [first, ...others] = tensors;
      if (!first) throw new OnnxProblem('has no inputs');
      return give(call, finish(others.reduce(device, first.clone()), tensors.length), images);
    },
  };
}

const where: Operator = {
  infer: (call) => {
    const [c, a, b] = [call.input(0), call.input(1), call.input(2)];
    const shape = broadcastShapes(c.shape, broadcastShapes(a.shape, b.shape));
    if (!c.host || !a.host || !b.host) return [{ shape, kind: a.kind, host: null }];
    const [test, yes, no] = [c.host, a.host, b.host].map((host) => broadcastHost(host, shape));
    const chosen = zipHost({ ...(test ?? c.host), shape }, yes ?? a.host, a.kind, (t, y) =>
      t === 0 ? NaN : y,
    );
    for (let i = 0; i < chosen.data.length; i++) if (test?.data[i] === 0) chosen.data[i] = no?.data[i] ?? 0;
    return [{ shape, kind: a.kind, host: chosen }];
  },
  run: (call) => {
    const { tensors, images } = aligned(call, [0, 1, 2]);
    const [test, yes, no] = tensors as [tf.Tensor, tf.Tensor, tf.Tensor];
    // Chosen, not blended: a masked score of minus infinity times zero would be no number.
    return give(call, tf.where(tf.greaterEqual(test, 0.5), yes, no), images);
  },
};

/** Numbers keep their value; to an integer type they lose their fraction, to a truth value all but whether they are zero. */
const cast: Operator = {
  infer: (call) => {
    const to = call.int('to', 0);
    const kind: OnnxKind | null =
      to === 9
        ? 'bool'
        : [1, 10, 11, 16].includes(to)
          ? 'float'
          : to >= 2 && to <= 13 && to !== 8
            ? 'int'
            : null;
    if (kind === null) throw new OnnxProblem(`casts to element type ${to}, which is not supported`);
    const { shape, host } = call.input(0);
    const f =
      kind === 'bool' ? (x: number) => Number(x !== 0) : kind === 'int' ? Math.trunc : (x: number) => x;
    return [{ shape, kind, host: host && mapHost(host, kind, f) }];
  },
  run: (call) => {
    const from = call.known.input(0).kind;
    const to = call.known.int('to', 0);
    return call.each((x) => {
      if (to === 9) return from === 'bool' ? x.clone() : tf.step(tf.abs(x));
      return from === 'float' && ![1, 10, 11, 16].includes(to) ? truncate(x) : x.clone();
    });
  },
};

/** Any other operator that works element by element. */
export const ELEMENTWISE: Readonly<Record<string, Operator>> = {
  ...UNARY,
  ...BINARY,
  Sum: variadic((a, b) => tf.add(a, b), (a, b) => a + b),
  Mean: variadic((a, b) => tf.add(a, b), (a, b) => a + b, (x, count) => tf.div(x, count)),
  Max: variadic((a, b) => tf.maximum(a, b), Math.max),
  Min: variadic((a, b) => tf.minimum(a, b), Math.min),
  Where: where,
  Cast: cast,
}; // prettier-ignore
