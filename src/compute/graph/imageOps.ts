import type { LayerOp } from '../../formats/models/graph/layerGraph';
import { paddingAlong } from '../../formats/models/graph/shapes';
import { product } from '../nn/ops/dense';
import { asImages } from '../nn/weightlessOps';
import { tf } from '../tf';

type Op<K extends LayerOp['kind']> = Extract<LayerOp, { kind: K }>;

/** Below every activation: what a padded maximum must not see. */
const LOWEST = -3e38;

/** Rows and columns added, of `value`; negative ones cut off. */
export function padImages(
  x: tf.Tensor4D,
  [top, bottom, left, right]: readonly [number, number, number, number],
  value: number,
): tf.Tensor4D {
  const cut = [top, bottom, left, right].map((side) => Math.max(0, -side));
  const [above = 0, below = 0, before = 0, after = 0] = cut;
  const [batch, height, width, channels] = x.shape;
  const rest: tf.Tensor4D = cut.some((side) => side > 0)
    ? tf.slice4d(x, [0, above, before, 0], [batch, height - above - below, width - before - after, channels])
    : x;
  const added = [top, bottom, left, right].map((side) => Math.max(0, side));
  const [t = 0, b = 0, l = 0, r = 0] = added;
  if (added.every((side) => side === 0)) return rest;
  return tf.pad4d(
    rest,
    [
      [0, 0],
      [t, b],
      [l, r],
      [0, 0],
    ],
    value,
  );
}

/** A pool with TensorFlow's padding: an average counts only what lies in the image. */
export function pool(value: tf.Tensor, op: Op<'pool'>): tf.Tensor {
  const x = asImages(value);
  const size: [number, number] = [op.size[0], op.size[1]];
  const strides: [number, number] = [op.strides[0], op.strides[1]];
  const [, height, width] = x.shape;
  const rows = paddingAlong(height, size[0], strides[0], 1, op.padding);
  const columns = paddingAlong(width, size[1], strides[1], 1, op.padding);
  const sides = [rows.before, rows.after, columns.before, columns.after] as const;
  const padded = sides.some((side) => side > 0);
  if (op.by === 'max') return tf.maxPool(padImages(x, sides, LOWEST), size, strides, 'valid');
  const average = tf.avgPool(padImages(x, sides, 0), size, strides, 'valid');
  if (!padded) return average;
  const shares = outer(
    inside(height, size[0], strides[0], rows),
    inside(width, size[1], strides[1], columns),
  );
  return tf.mul(average, tf.tensor4d(shares, [1, rows.outputs, columns.outputs, 1]));
}

/** For every window, its length over how much of it lies in the image. */
function inside(
  side: number,
  size: number,
  stride: number,
  { before, outputs }: { readonly before: number; readonly outputs: number },
): number[] {
  return Array.from({ length: outputs }, (_, i) => {
    const start = i * stride - before;
    return size / (Math.min(start + size, side) - Math.max(start, 0));
  });
}

function outer(rows: readonly number[], columns: readonly number[]): Float32Array {
  return Float32Array.from(rows.flatMap((row) => columns.map((column) => row * column)));
}

/** Borders mirrored, with (`symmetric`) or without the outermost row. */
export function mirror(value: tf.Tensor, op: Op<'pad'>): tf.Tensor {
  const [top, bottom, left, right] = op.sides;
  const along = (x: tf.Tensor, axis: number, before: number, after: number): tf.Tensor => {
    const side = x.shape[axis] ?? 0;
    const skip = op.mode === 'reflect' ? 1 : 0;
    const rows = (start: number, count: number): tf.Tensor => {
      const begin = x.shape.map((_, i) => (i === axis ? start : 0));
      return tf.reverse(
        tf.slice(
          x,
          begin,
          x.shape.map((length, i) => (i === axis ? count : length)),
        ),
        axis,
      );
    };
    const parts = [x];
    if (before > 0) parts.unshift(rows(skip, before));
    if (after > 0) parts.push(rows(side - skip - after, after));
    return parts.length === 1 ? x : tf.concat(parts, axis);
  };
  return along(along(value, 1, top, bottom), 2, left, right);
}

/** Images enlarged by whole factors. */
export function upsample(value: tf.Tensor, { factors, by }: Op<'upsample'>): tf.Tensor {
  const x = asImages(value);
  if (by === 'nearest') return repeat(x, [factors[0], factors[1]]);
  const shift = by === 'bilinear' ? 0.5 : 0;
  return stretch(stretch(x, 1, factors[0], shift), 2, factors[1], shift);
}

/** Every pixel repeated; the gradient is the sum over the repetitions. */
function repeat(x: tf.Tensor4D, factors: [number, number]): tf.Tensor4D {
  const [, height, width] = x.shape;
  const operation = tf.customGrad<tf.Tensor4D>((input) => ({
    value: tf.image.resizeNearestNeighbor(input as tf.Tensor4D, [height * factors[0], width * factors[1]]),
    gradFunc: (dy: tf.Tensor4D) => tf.mul(tf.avgPool(dy, factors, factors, 'valid'), factors[0] * factors[1]),
  }));
  return operation(x);
}

/** One axis interpolated linearly; `shift` is where in a pixel its value lies: 0.5 as TensorFlow 2 has it, 0 as TensorFlow.js. */
function stretch(x: tf.Tensor4D, axis: 1 | 2, factor: number, shift: number): tf.Tensor4D {
  if (factor === 1) return x;
  const side = x.shape[axis];
  const outputs = side * factor;
  const order = axis === 1 ? [0, 2, 3, 1] : [0, 1, 3, 2];
  const back = axis === 1 ? [0, 3, 1, 2] : [0, 1, 3, 2];
  const last: tf.Tensor4D = tf.transpose(x, order);
  const weights = tf.tensor2d(linearWeights(side, factor, shift), [side, outputs]);
  const rows = product(tf.reshape(last, [x.size / side, side]), weights);
  const shape: [number, number, number, number] = [last.shape[0], last.shape[1], last.shape[2], outputs];
  return tf.transpose(tf.reshape(rows, shape), back);
}

/** [side, side * factor]: what each output takes of each input, edges held. */
function linearWeights(side: number, factor: number, shift: number): Float32Array {
  const outputs = side * factor;
  const weights = new Float32Array(side * outputs);
  for (let o = 0; o < outputs; o++) {
    const at = Math.min(side - 1, Math.max(0, (o + shift) / factor - shift));
    const low = Math.floor(at);
    const high = Math.min(side - 1, low + 1);
    weights[low * outputs + o] = (weights[low * outputs + o] ?? 0) + 1 - (at - low);
    weights[high * outputs + o] = (weights[high * outputs + o] ?? 0) + (at - low);
  }
  return weights;
}
