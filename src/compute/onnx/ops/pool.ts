import { tf } from '../../tf';
import type { NodeCall } from '../nodeCall';
import type { RunCall } from '../runCall';
import { OnnxProblem, type Known, type Operator } from '../types';
import { maximum } from './maximum';
import { windowOf, type Window } from './window';

function poolOf(call: NodeCall): Window {
  const kernel = call.numbers('kernel_shape');
  if (!kernel) throw new OnnxProblem('names no kernel_shape');
  const window = windowOf(call, kernel);
  if (window.dilations.some((step) => step !== 1))
    throw new OnnxProblem('is a dilated pool, which is not supported');
  return window;
}

function infer(call: NodeCall): Known[] {
  if (call.node.outputs.length > 1 && call.node.outputs[1] !== '')
    throw new OnnxProblem('gives indices, which is not supported');
  const [n = 1, c = 1] = call.input(0).shape;
  return [{ shape: [n, c, ...poolOf(call).out], kind: 'float', host: null }];
}

/** Rows and columns that the last windows need beyond the input, in ceil mode more than the pads; never less than nothing. */
function ends({ kernel, strides, pads, out }: Window, height: number, width: number): [number, number] {
  const end = (i: 0 | 1, size: number): number =>
    Math.max(0, (out[i] - 1) * strides[i] + kernel[i] - size - pads[i]);
  return [end(0, height), end(1, width)];
}

/** Lower than any activation, and its sums are still finite. */
const LOWEST = -3e38;

export const maxPool: Operator = {
  infer,
  run: (call) => {
    const window = poolOf(call.known);
    const x = call.images(0);
    const [bottom, right] = ends(window, x.shape[1], x.shape[2]);
    const [top, left] = window.pads;
    const [kernel, strides] = [[...window.kernel], [...window.strides]] as [
      [number, number],
      [number, number],
    ];
    const floored = [0, 1].every(
      (i) =>
        Math.floor(((x.shape[1 + i] ?? 0) + 2 * top - (kernel[i] ?? 0)) / (strides[i] ?? 1)) + 1 ===
        window.out[i],
    );
    const square = kernel[0] === kernel[1] && strides[0] === strides[1];
    if (window.pads.every((pad) => pad === top) && floored && (square || top === 0)) {
      const pooled =
        top === 0 ? tf.maxPool(x, kernel, strides, 'valid') : tf.maxPool(x, kernel, strides, top, 'floor');
      return [call.giveImages(pooled)];
    }
    const wide = tf.pad4d(x, [[0, 0], [top, bottom], [left, right], [0, 0]], LOWEST); // prettier-ignore
    return [call.giveImages(tf.maxPool(wide, kernel, strides, 'valid'))];
  },
};

/** Inputs that each output averages over: those of the image, or of the padded image where padding counts. */
function shares(
  window: Window,
  height: number,
  width: number,
  includePad: boolean,
): { counts: Float32Array; even: boolean } {
  const { kernel, strides, pads, out } = window;
  const along = (i: 0 | 1, size: number): number[] =>
    Array.from({ length: out[i] }, (_, o) => {
      const start = o * strides[i] - pads[i];
      const [low, high] = includePad ? [-pads[i], size + pads[i === 0 ? 2 : 3]] : [0, size];
      return Math.min(start + kernel[i], high) - Math.max(start, low);
    });
  const [rows, columns] = [along(0, height), along(1, width)];
  const full = kernel[0] * kernel[1];
  const counts = Float32Array.from(rows.flatMap((r) => columns.map((c) => full / Math.max(1, r * c))));
  return { counts, even: counts.every((factor) => factor === 1) };
}

export const averagePool: Operator = {
  infer,
  run: (call) => {
    const window = poolOf(call.known);
    const x = call.images(0);
    const [, height, width] = x.shape;
    const [bottom, right] = ends(window, height, width);
    const [top, left] = window.pads;
    const padding = [top, left, bottom, right].some((side) => side > 0);
    const wide = padding ? tf.pad4d(x, [[0, 0], [top, bottom], [left, right], [0, 0]]) : x; // prettier-ignore
    const pooled = tf.avgPool(
      wide,
      [...window.kernel] as [number, number],
      [...window.strides] as [number, number],
      'valid',
    );
    const { counts, even } = shares(window, height, width, call.known.int('count_include_pad', 0) === 1);
    if (even) return [call.giveImages(pooled)];
    const factors = call.keep(`shares ${height} ${width}`, () => tf.tensor4d(counts, [1, ...window.out, 1]));
    return [call.giveImages(tf.mul(pooled, factors))];
  },
};

function globalPool(pool: (x: tf.Tensor4D) => tf.Tensor): Operator {
  return {
    infer: (call) => {
      const { shape } = call.input(0);
      if (shape.length !== 4)
        throw new OnnxProblem(`works on a value of rank ${shape.length}; only images (rank 4) are supported`);
      return [{ shape: [...shape.slice(0, 2), 1, 1], kind: 'float', host: null }];
    },
    run: (call: RunCall) => [call.giveImages(pool(call.images(0)))],
  };
}

export const globalAveragePool = globalPool((x) => tf.mean(x, [1, 2], true));
export const globalMaxPool = globalPool((x) => maximum(x, [1, 2], true));
