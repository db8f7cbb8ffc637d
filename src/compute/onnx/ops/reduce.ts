import { tf } from '../../tf';
import { countOf, makeHost, stridesOf } from '../hostTensor';
import type { NodeCall } from '../nodeCall';
import type { OnnxTensor } from '../../../formats/models/onnx/onnxModel';
import { OnnxProblem, type Known, type Operator } from '../types';

import { maximum } from './maximum';

const IMAGE_AXIS = [0, 3, 1, 2];

interface Reduction {
  /** Null: none at all. */
  readonly axes: readonly number[] | null;
  readonly keep: boolean;
}

function reductionOf(call: NodeCall): Reduction {
  const { shape } = call.input(0);
  const given = call.intsOf('axes', 1)?.map((axis) => call.axis(axis, shape.length)) ?? [];
  const keep = call.int('keepdims', 1) === 1;
  if (given.length === 0 && call.int('noop_with_empty_axes', 0) === 1) return { axes: null, keep };
  return { axes: given.length > 0 ? given : shape.map((_, axis) => axis), keep };
}

function reducedShape(shape: readonly number[], { axes, keep }: Reduction): number[] {
  return shape.flatMap((size, axis) => (!axes?.includes(axis) ? [size] : keep ? [1] : []));
}

type Fold = (values: readonly number[]) => number;

function foldHost(host: OnnxTensor, reduction: Reduction, fold: Fold): OnnxTensor {
  const { axes } = reduction;
  const groups = new Map<number, number[]>();
  const strides = stridesOf(host.shape);
  const kept = stridesOf(reducedShape(host.shape, { axes, keep: true }));
  for (let i = 0; i < host.data.length; i++) {
    let at = 0;
    host.shape.forEach((size, axis) => {
      if (!axes?.includes(axis)) at += (Math.floor(i / (strides[axis] ?? 1)) % size) * (kept[axis] ?? 0);
    });
    const group = groups.get(at);
    if (group) group.push(host.data[i] ?? 0);
    else groups.set(at, [host.data[i] ?? 0]);
  }
  const out = makeHost(reducedShape(host.shape, reduction), host.kind);
  for (const [at, values] of groups) out.data[at] = fold(values);
  return out;
}

/** Constants larger than this are reduced on the device. */
const MAX_FOLDED = 4096;

function reduce(device: (x: tf.Tensor, axes: number[], keep: boolean) => tf.Tensor, fold: Fold): Operator {
  return {
    infer: (call): Known[] => {
      const { shape, kind, host } = call.input(0);
      const reduction = reductionOf(call);
      const wanted = reducedShape(shape, reduction);
      const small = host !== null && host.data.length <= MAX_FOLDED && countOf(shape) > 0;
      return [{ shape: wanted, kind, host: small ? foldHost(host, reduction, fold) : null }];
    },
    run: (call) => {
      const { axes, keep } = reductionOf(call.known);
      if (axes === null) return call.each((x) => x.clone());
      if (call.isImages(0) && keep) {
        const own = axes.map((axis) => IMAGE_AXIS[axis] ?? axis);
        return [call.giveImages(device(call.images(0), own, true))];
      }
      // Rows and columns alone leave batch and channels, which are in one order either way.
      if (call.isImages(0) && String([...axes].sort()) === '2,3')
        return [call.givePlain(device(call.images(0), [1, 2], false))];
      return [call.givePlain(device(call.plain(0), [...axes], keep))];
    },
  };
}

/** For what only shapes are computed with. */
function constantOnly({ infer, run }: Operator): Operator {
  return {
    infer: (call) => {
      const known = infer(call);
      if (known.some(({ host }) => host === null)) throw new OnnxProblem('is only supported on constants');
      return known;
    },
    run,
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

export const REDUCTIONS: Readonly<Record<string, Operator>> = {
  ReduceMean: reduce((x, axes, keep) => tf.mean(x, axes, keep), (values) => total(values) / values.length),
  ReduceSum: reduce((x, axes, keep) => tf.sum(x, axes, keep), total),
  ReduceMax: reduce((x, axes, keep) => maximum(x, axes, keep), (values) => Math.max(...values)),
  ReduceMin: reduce((x, axes, keep) => tf.neg(maximum(tf.neg(x), axes, keep)), (values) => Math.min(...values)),
  ReduceSumSquare: reduce((x, axes, keep) => tf.sum(tf.square(x), axes, keep), (values) => total(values.map((v) => v * v))),
  ReduceL1: reduce((x, axes, keep) => tf.sum(tf.abs(x), axes, keep), (values) => total(values.map(Math.abs))),
  ReduceL2: reduce((x, axes, keep) => tf.sqrt(tf.sum(tf.square(x), axes, keep)), (values) => Math.hypot(...values)),
  ReduceProd: constantOnly(reduce((x) => x, (values) => values.reduce((a, b) => a * b, 1))),
}; // prettier-ignore
