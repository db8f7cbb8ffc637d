import type { OnnxKind, OnnxTensor } from '../../formats/models/onnx/onnxModel';
import { OnnxProblem } from './types';

/** Numbers that a node may make out of nothing while a graph is analysed. */
const MAX_MADE = 1 << 24;

/** The number of elements of a shape. @throws OnnxProblem beyond 2^31, which no device holds. */
export function countOf(shape: readonly number[]): number {
  let count = 1;
  for (const size of shape) {
    if (!Number.isInteger(size) || size < 0)
      throw new OnnxProblem(`has the impossible shape [${shape.join(', ')}]`);
    count *= size;
  }
  if (count > 2 ** 31) throw new OnnxProblem(`is impossibly large: [${shape.join(', ')}]`);
  return count;
}

/** A tensor of zeros to be filled. @param most numbers it may have. @throws OnnxProblem where it would be too large. */
export function makeHost(shape: readonly number[], kind: OnnxKind, most = MAX_MADE): OnnxTensor {
  const count = countOf(shape);
  if (count > most) throw new OnnxProblem(`makes a constant of ${count} numbers`);
  return { kind, shape, data: kind === 'float' ? new Float32Array(count) : new Float64Array(count) };
}

/** Integers as a tensor of rank 1, or of rank 0. */
export function hostInts(values: readonly number[], scalar = false): OnnxTensor {
  return { kind: 'int', shape: scalar ? [] : [values.length], data: Float64Array.from(values) };
}

/** Steps between neighbours along each axis, C order. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let i = shape.length - 2; i >= 0; i--) strides[i] = (strides[i + 1] ?? 1) * (shape[i + 1] ?? 1);
  return strides;
}

/**
 * A tensor read along other steps: element [i, j, ...] of the result is data[offset + i steps[0] + j steps[1] + ...]. Transposes,
 * slices and broadcasts are all of this.
 */
export function readAlong(
  source: OnnxTensor,
  shape: readonly number[],
  steps: readonly number[],
  offset = 0,
): OnnxTensor {
  const { data } = source;
  // Weights of the file itself may be larger than what a graph makes out of nothing, and are only put in another order.
  const out = makeHost(shape, source.kind, Math.max(MAX_MADE, data.length));
  const index = new Array<number>(shape.length).fill(0);
  let at = offset;
  for (let i = 0; i < out.data.length; i++) {
    out.data[i] = data[at] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      at += steps[axis] ?? 0;
      if (next < (shape[axis] ?? 1)) {
        index[axis] = next;
        break;
      }
      at -= next * (steps[axis] ?? 0);
      index[axis] = 0;
    }
  }
  return out;
}

/** `source` with its axes in another order. */
export function transposeHost(source: OnnxTensor, order: readonly number[]): OnnxTensor {
  if (source.shape.length === 2 && order[0] === 1) return transposedMatrix(source);
  const strides = stridesOf(source.shape);
  return readAlong(
    source,
    order.map((axis) => source.shape[axis] ?? 1),
    order.map((axis) => strides[axis] ?? 0),
  );
}

/** A classifier's first linear layer may have a hundred million weights. */
function transposedMatrix({ kind, shape, data }: OnnxTensor): OnnxTensor {
  const [rows = 0, columns = 0] = shape;
  const out = makeHost([columns, rows], kind, Math.max(MAX_MADE, data.length));
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      out.data[column * rows + row] = data[row * columns + column] ?? 0;
  return out;
}

/** `source` repeated to `shape`, as numpy broadcasts. */
export function broadcastHost(source: OnnxTensor, shape: readonly number[]): OnnxTensor {
  const lead = shape.length - source.shape.length;
  const strides = stridesOf(source.shape);
  const steps = shape.map((_, axis) =>
    axis < lead || source.shape[axis - lead] === 1 ? 0 : (strides[axis - lead] ?? 0),
  );
  return readAlong(source, shape, steps);
}

/** The shape of two broadcast together. @throws OnnxProblem. */
export function broadcastShapes(a: readonly number[], b: readonly number[]): number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, i) => {
    const left = a[i - rank + a.length] ?? 1;
    const right = b[i - rank + b.length] ?? 1;
    if (left !== right && left !== 1 && right !== 1)
      throw new OnnxProblem(`combines shapes [${a.join(', ')}] and [${b.join(', ')}]`);
    return left === 1 ? right : left;
  });
}

/** `f` of each element. */
export function mapHost(source: OnnxTensor, kind: OnnxKind, f: (value: number) => number): OnnxTensor {
  const out = makeHost(source.shape, kind);
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(source.data[i] ?? 0);
  return out;
}

/** `f` of each pair, broadcast. */
export function zipHost(
  a: OnnxTensor,
  b: OnnxTensor,
  kind: OnnxKind,
  f: (x: number, y: number) => number,
): OnnxTensor {
  const shape = broadcastShapes(a.shape, b.shape);
  const [left, right] = [broadcastHost(a, shape), broadcastHost(b, shape)];
  const out = makeHost(shape, kind);
  for (let i = 0; i < out.data.length; i++) out.data[i] = f(left.data[i] ?? 0, right.data[i] ?? 0);
  return out;
}

/** The same numbers in another shape. */
export function reshapeHost(source: OnnxTensor, shape: readonly number[]): OnnxTensor {
  return { ...source, shape };
}
