import { tf } from '../../tf';
import { countOf, makeHost, readAlong, stridesOf } from '../hostTensor';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type GraphValue, type Known, type Operator } from '../types';

/** Where ONNX's axes of an image lie in NHWC. */
const IMAGE_AXIS = [0, 3, 1, 2];

/** The input in its own order, and where ONNX's axes lie in it. */
function inPlace(call: RunCall): {
  x: tf.Tensor;
  at: (axis: number) => number;
  give: (y: tf.Tensor, i?: number) => GraphValue;
} {
  if (!call.isImages(0))
    return { x: call.plain(0), at: (axis) => axis, give: (y, i) => call.givePlain(y, i) };
  return { x: call.images(0), at: (axis) => IMAGE_AXIS[axis] ?? axis, give: (y, i) => call.giveImages(y, i) };
}

/** `begin` and `size` of a slice, axis by axis, in the order of the tensor. */
function sliced(x: tf.Tensor, axis: number, begin: number, size: number): tf.Tensor {
  const from = x.shape.map((_, i) => (i === axis ? begin : 0));
  const count = x.shape.map((whole, i) => (i === axis ? size : whole));
  return tf.slice(x, from, count);
}

interface Cut {
  readonly axis: number;
  readonly start: number;
  readonly step: number;
  readonly count: number;
}

function cutsOf(call: NodeCall): Cut[] {
  const { shape } = call.input(0);
  const starts = call.intsOf('starts', 1) ?? [];
  const ends = call.intsOf('ends', 2) ?? [];
  const axes = call.intsOf('axes', 3) ?? starts.map((_, i) => i);
  const steps = call.intsOf('steps', 4) ?? starts.map(() => 1);
  return starts.map((from, i) => {
    const axis = call.axis(axes[i] ?? -99, shape.length);
    const size = shape[axis] ?? 0;
    const step = steps[i] ?? 1;
    if (!Number.isInteger(step) || step === 0) throw new OnnxProblem(`has step ${step}`);
    const [low, high] = step > 0 ? [0, size] : [-1, size - 1];
    const clamp = (at: number): number => Math.max(low, Math.min(high, at < 0 ? at + size : at));
    const start = Math.max(0, clamp(from));
    const end = clamp(ends[i] ?? size);
    return { axis, start, step, count: Math.max(0, Math.ceil((end - start) / step)) };
  });
}

const slice: Operator = {
  infer: (call) => {
    const { shape, kind, host } = call.input(0);
    const cuts = cutsOf(call);
    const wanted = [...shape];
    const steps = stridesOf(shape);
    let offset = 0;
    for (const { axis, start, step, count } of cuts) {
      wanted[axis] = count;
      offset += start * (stridesOf(shape)[axis] ?? 0);
      steps[axis] = (steps[axis] ?? 0) * step;
    }
    if (!host && wanted.includes(0)) throw new OnnxProblem('leaves nothing of its input');
    return [{ shape: wanted, kind, host: host && readAlong(host, wanted, steps, offset) }];
  },
  run: (call) => {
    const { x, at, give } = inPlace(call);
    let y = x;
    for (const { axis, start, step, count } of cutsOf(call.known)) {
      if (step === 1) y = sliced(y, at(axis), start, count);
      // tfjs's strided slice has no gradient.
      else
        y = picked(
          call,
          y,
          at(axis),
          Array.from({ length: count }, (_, i) => start + i * step),
        );
    }
    return [give(y)];
  },
};

/** Indices along an axis; the gradient adds up what was picked twice. */
function picked(call: RunCall, x: tf.Tensor, axis: number, indices: readonly number[]): tf.Tensor {
  const at = call.keep(`indices ${axis} ${indices.length} ${indices[0]}`, () =>
    tf.tensor1d([...indices], 'int32'),
  );
  return tf.gather(x, at, axis);
}

function indicesOf(call: NodeCall, size: number): number[] {
  return Array.from(call.host(1, 'indices').data, (index) => {
    const at = index < 0 ? index + size : index;
    if (at >= 0 && at < size) return at;
    throw new OnnxProblem(`picks ${index} of ${size}`);
  });
}

const gather: Operator = {
  infer: (call) => {
    const { shape, kind, host } = call.input(0);
    const axis = call.axis(call.int('axis', 0), shape.length);
    const indices = call.host(1, 'indices');
    const picks = indicesOf(call, shape[axis] ?? 0);
    const wanted = [...shape.slice(0, axis), ...indices.shape, ...shape.slice(axis + 1)];
    if (!host) {
      if (picks.length === 0) throw new OnnxProblem('picks nothing');
      return [{ shape: wanted, kind, host: null }];
    }
    const out = makeHost(wanted, kind);
    const inner = countOf(shape.slice(axis + 1));
    const outer = countOf(shape.slice(0, axis));
    for (let o = 0; o < outer; o++)
      picks.forEach((pick, p) => {
        const from = (o * (shape[axis] ?? 1) + pick) * inner;
        for (let i = 0; i < inner; i++)
          out.data[(o * picks.length + p) * inner + i] = host.data[from + i] ?? 0;
      });
    return [{ shape: wanted, kind, host: out }];
  },
  run: (call) => {
    const { shape } = call.known.input(0);
    const axis = call.known.axis(call.known.int('axis', 0), shape.length);
    const picks = indicesOf(call.known, shape[axis] ?? 0);
    const { x, at } = inPlace(call);
    const [first = 0] = picks;
    const taken = picks.length === 1 ? sliced(x, at(axis), first, 1) : picked(call, x, at(axis), picks);
    const kept = call.isImages(0) ? tf.transpose(taken, IMAGE_AXIS) : taken;
    return [call.givePlain(tf.reshape(kept, call.shape()))];
  },
};

function concatAxis(call: NodeCall): number {
  return call.axis(call.int('axis', 1), call.input(0).shape.length);
}

const concat: Operator = {
  infer: (call) => {
    const inputs = call.node.inputs.map((_, index) => call.input(index));
    const axis = concatAxis(call);
    const { actual, declared } = call.batch;
    // A file written for one fixed batch may join images with something it made for that batch: it is the same for each image.
    const lead = Math.max(...inputs.map(({ shape }) => shape[0] ?? 1));
    const shapes = inputs.map(({ shape }) => {
      const spread = axis !== 0 && declared === 1 && lead === actual && shape[0] === 1;
      return spread ? [lead, ...shape.slice(1)] : shape;
    });
    const [first = []] = shapes;
    for (const shape of shapes)
      if (shape.length !== first.length || shape.some((size, i) => i !== axis && size !== first[i]))
        throw new OnnxProblem(`joins shapes ${shapes.map((own) => `[${own.join(', ')}]`).join(' and ')}`);
    const wanted = first.map((size, i) =>
      i === axis ? shapes.reduce((sum, own) => sum + (own[axis] ?? 0), 0) : size,
    );
    const kind = inputs[0]?.kind ?? 'float';
    const hosts = inputs.flatMap(({ host }) => (host ? [host] : []));
    if (hosts.length < inputs.length) return [{ shape: wanted, kind, host: null }];
    const out = makeHost(wanted, kind);
    const outer = countOf(wanted.slice(0, axis));
    const row = countOf(wanted.slice(axis));
    let before = 0;
    for (const { shape, data } of hosts) {
      const own = countOf(shape.slice(axis));
      for (let o = 0; o < outer; o++) out.data.set(data.subarray(o * own, (o + 1) * own), o * row + before);
      before += own;
    }
    return [{ shape: wanted, kind, host: out }];
  },
  run: (call) => {
    const images = call.known.node.inputs.some((_, index) => call.isImages(index));
    const [batch = 1] = call.shape();
    const axis = concatAxis(call.known);
    const spread = (x: tf.Tensor): tf.Tensor =>
      axis !== 0 && x.shape[0] !== batch ? tf.broadcastTo(x, [batch, ...x.shape.slice(1)]) : x;
    const parts = call.known.node.inputs.map((_, index) =>
      spread(images ? call.images(index) : call.plain(index)),
    );
    const joined = tf.concat(parts, images ? (IMAGE_AXIS[axis] ?? axis) : axis);
    return [images ? call.giveImages(joined) : call.givePlain(joined)];
  },
};

function splitSizes(call: NodeCall): { axis: number; sizes: number[] } {
  const { shape } = call.input(0);
  const axis = call.axis(call.int('axis', 0), shape.length);
  const size = shape[axis] ?? 0;
  const count = call.int('num_outputs', call.node.outputs.length);
  const even = Math.ceil(size / Math.max(1, count));
  const sizes =
    call.intsOf('split', 1) ?? Array.from({ length: count }, (_, i) => Math.min(even, size - i * even));
  if (sizes.reduce((sum, part) => sum + part, 0) !== size || sizes.some((part) => !(part > 0)))
    throw new OnnxProblem(`splits ${size} into [${sizes.join(', ')}]`);
  if (sizes.length < call.node.outputs.length) throw new OnnxProblem('has more outputs than parts');
  return { axis, sizes: [...sizes] };
}

const split: Operator = {
  infer: (call) => {
    const { shape, kind, host } = call.input(0);
    const { axis, sizes } = splitSizes(call);
    const strides = stridesOf(shape);
    let before = 0;
    return sizes.map((size) => {
      const wanted = shape.map((whole, i) => (i === axis ? size : whole));
      const part: Known = {
        shape: wanted,
        kind,
        host: host && readAlong(host, wanted, strides, before * (strides[axis] ?? 1)),
      };
      before += size;
      return part;
    });
  },
  run: (call) => {
    const { x, at, give } = inPlace(call);
    const { axis, sizes } = splitSizes(call.known);
    return tf.split(x, sizes, at(axis)).map((part, i) => give(part, i));
  },
};

interface Padding {
  readonly mode: string;
  readonly pads: readonly (readonly [number, number])[];
  readonly value: number;
}

function paddingOf(call: NodeCall): Padding {
  const { shape } = call.input(0);
  const flat = call.intsOf('pads', 1) ?? [];
  const axes = call.optionalHost(3, 'axes');
  const order = axes
    ? Array.from(axes.data, (axis) => call.axis(axis, shape.length))
    : shape.map((_, axis) => axis);
  const half = flat.length / 2;
  if (half !== order.length) throw new OnnxProblem(`has ${flat.length} pads for ${order.length} axes`);
  const pads = shape.map((_, axis): readonly [number, number] => {
    const i = order.indexOf(axis);
    return i < 0 ? [0, 0] : [flat[i] ?? 0, flat[i + half] ?? 0];
  });
  const mode = call.text('mode', 'constant');
  if (!['constant', 'reflect', 'edge'].includes(mode))
    throw new OnnxProblem(`pads in mode ${mode}, which is not supported`);
  if (pads.flat().some((pad) => !Number.isInteger(pad) || Math.abs(pad) > 2 ** 20))
    throw new OnnxProblem(`has pads [${flat.join(', ')}]`);
  const value = call.optionalHost(2, 'value')?.data[0] ?? call.float('value', 0);
  return { mode, pads, value };
}

const pad: Operator = {
  infer: (call) => {
    const { shape, kind } = call.input(0);
    const { pads, mode } = paddingOf(call);
    const wanted = shape.map((size, axis) => size + (pads[axis]?.[0] ?? 0) + (pads[axis]?.[1] ?? 0));
    if (wanted.some((size) => size < 1)) throw new OnnxProblem(`pads to [${wanted.join(', ')}]`);
    if (mode === 'reflect' && shape.some((size, axis) => Math.max(...(pads[axis] ?? [0])) >= size))
      throw new OnnxProblem('reflects more than there is');
    return [{ shape: wanted, kind, host: null }];
  },
  run: (call) => {
    const { x, at, give } = inPlace(call);
    const { pads, mode, value } = paddingOf(call.known);
    let y = x;
    pads.forEach(([before, after], own) => {
      const axis = at(own);
      const size = y.shape[axis] ?? 0;
      if (before === 0 && after === 0) return;
      if (before < 0 || after < 0) {
        const from = Math.max(0, -before);
        y = sliced(y, axis, from, size - from - Math.max(0, -after));
      }
      const [front, back] = [Math.max(0, before), Math.max(0, after)];
      if (front === 0 && back === 0) return;
      const left = y.shape[axis] ?? 0;
      const mirror = (i: number): number => (i < 0 ? -i : i >= left ? 2 * left - 2 - i : i);
      const nearest = (i: number): number => Math.max(0, Math.min(left - 1, i));
      if (mode === 'constant') {
        y = tf.pad(y, y.shape.map((_, i): [number, number] => (i === axis ? [front, back] : [0, 0])), value);
      } else {
        const indices = Array.from({ length: front + left + back }, (_, i) => (mode === 'reflect' ? mirror : nearest)(i - front));
        y = picked(call, y, axis, indices);
      }
    });
    return [give(y === x ? x.clone() : y)];
  },
}; // prettier-ignore

export const PARTS: Readonly<Record<string, Operator>> = {
  Slice: slice,
  Gather: gather,
  Concat: concat,
  Split: split,
  Pad: pad,
};
