import type { NodeCall } from '../nodeCall';
import { OnnxProblem } from '../types';

/** A sliding window over rows and columns. */
export interface Window {
  readonly kernel: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly dilations: readonly [number, number];
  /** Rows above, columns at the left, rows below, columns at the right. */
  readonly pads: readonly [number, number, number, number];
  /** Rows and columns of the result. */
  readonly out: readonly [number, number];
}

/**
 * Reads kernel, strides, dilations, pads, auto_pad and ceil_mode. In ceil mode a last window that would start beyond the padded input is
 * left out, as PyTorch and onnxruntime do. @throws OnnxProblem.
 */
export function windowOf(call: NodeCall, kernel: readonly number[]): Window {
  const { shape } = call.input(0);
  if (shape.length !== 4)
    throw new OnnxProblem(`works on a value of rank ${shape.length}; only images (rank 4) are supported`);
  const pair = (name: string): [number, number] => two(call.numbers(name) ?? [1, 1], name);
  const k = two(kernel, 'kernel_shape');
  const [strides, dilations] = [pair('strides'), pair('dilations')];
  const given = call.numbers('pads') ?? [0, 0, 0, 0];
  if (given.length !== 4 || given.some((pad) => !Number.isInteger(pad) || pad < 0 || pad > 4096))
    throw new OnnxProblem(`has pads [${given.join(', ')}]`);
  const mode = call.text('auto_pad', 'NOTSET');
  const ceil = call.int('ceil_mode', 0) === 1;
  const sides = [0, 1].map((i) => {
    const input = shape[2 + i] ?? 0;
    const span = ((k[i] ?? 1) - 1) * (dilations[i] ?? 1) + 1;
    const stride = strides[i] ?? 1;
    let [begin, end] = [given[i] ?? 0, given[i + 2] ?? 0];
    if (mode === 'SAME_UPPER' || mode === 'SAME_LOWER') {
      const total = Math.max(0, (Math.ceil(input / stride) - 1) * stride + span - input);
      const less = Math.floor(total / 2);
      [begin, end] = mode === 'SAME_UPPER' ? [less, total - less] : [total - less, less];
    } else if (mode === 'VALID') [begin, end] = [0, 0];
    else if (mode !== 'NOTSET') throw new OnnxProblem(`has auto_pad ${mode}`);
    const steps = (input + begin + end - span) / stride;
    let out = (ceil ? Math.ceil(steps) : Math.floor(steps)) + 1;
    if (ceil && (out - 1) * stride >= input + begin) out--;
    if (out < 1) throw new OnnxProblem(`has a window of ${span} on ${input} rows or columns`);
    return { begin, end, out };
  });
  const [rows, columns] = sides as [(typeof sides)[0], (typeof sides)[0]];
  return {
    kernel: k,
    strides,
    dilations,
    pads: [rows.begin, columns.begin, rows.end, columns.end],
    out: [rows.out, columns.out],
  };
}

function two(values: readonly number[], name: string): [number, number] {
  const [a = 0, b = 0] = values;
  if (values.length === 2 && [a, b].every((size) => Number.isInteger(size) && size >= 1 && size <= 4096))
    return [a, b];
  throw new OnnxProblem(`has ${name} [${values.join(', ')}], which is not supported`);
}
