import type { tf } from '../../tf';
import { componentsFor, floats, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/** Up to this many rows one invocation sums alone; more are split in about sqrt(rows) chunks, which also bounds the error. */
const SERIAL_ROWS = 64;

/** How many chunks a column of `rows` is cut into. */
export function chunkCount(rows: number): number {
  return rows <= SERIAL_ROWS ? 1 : Math.ceil(Math.sqrt(rows));
}

/** The columns that one dispatch sums: `columns` of the `stride` that a row has, from `offset` on. */
interface Range {
  readonly offset: number;
  readonly columns: number;
  readonly stride: number;
}

function pass(
  host: KernelHost,
  x: tf.TensorInfo,
  rows: number,
  { offset, columns, stride }: Range,
  chunks: number,
  scale: number,
): tf.TensorInfo {
  const components = [offset, columns, stride].every((size) => componentsFor(size) === 4) ? 4 : 1;
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const width = columns / components;
  const chunkRows = Math.ceil(rows / chunks);
  return runKernel(host, {
    key: `column-sum-${components}`,
    inputs: [{ name: 'x', tensor: x, components }],
    outputComponents: components,
    output: [chunks, columns],
    uniforms: {
      shape: ints(rows, width, chunkRows, chunks * width),
      source: ints(stride / components, offset / components),
      factor: floats(scale),
    },
    groups: Math.ceil((chunks * width) / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.w) { return; }
  let width = uniforms.shape.y;
  let first = (i / width) * uniforms.shape.z;
  let end = min(first + uniforms.shape.z, uniforms.shape.x);
  var at = first * uniforms.source.x + uniforms.source.y + i % width;
  var sum = ${type}(0.0);
  for (var row = first; row < end; row++) {
    sum += x[at];
    at += uniforms.source.x;
  }
  result[i] = sum * uniforms.factor.x;
}`,
  });
}

/**
 * Sums (times `scale`) over the rows of x, seen as [rows, columns]: no transpose, two passes where there are many rows.
 * Returns [1, columns] float32, which the caller owns.
 */
export function columnSum(
  host: KernelHost,
  x: tf.TensorInfo,
  rows: number,
  columns: number,
  scale = 1,
): tf.TensorInfo {
  const chunks = chunkCount(rows);
  const all = { offset: 0, columns, stride: columns };
  if (chunks === 1) return pass(host, x, rows, all, 1, scale);
  const partial = pass(host, x, rows, all, chunks, 1);
  const sum = columnSum(host, partial, chunks, columns, scale);
  host.disposeData(partial.dataId);
  return sum;
}

/** As `columnSum` of [rows, 2 columns], with the two halves of the result as tensors of their own. */
export function columnSumHalves(
  host: KernelHost,
  x: tf.TensorInfo,
  rows: number,
  columns: number,
): [tf.TensorInfo, tf.TensorInfo] {
  const chunks = chunkCount(rows);
  const stride = 2 * columns;
  if (chunks === 1) {
    const half = (offset: number): tf.TensorInfo => pass(host, x, rows, { offset, columns, stride }, 1, 1);
    return [half(0), half(columns)];
  }
  const partial = pass(host, x, rows, { offset: 0, columns: stride, stride }, chunks, 1);
  const halves = columnSumHalves(host, partial, chunks, columns);
  host.disposeData(partial.dataId);
  return halves;
}

/** More rows than this one invocation should not sum alone: it would take long, and its rounding errors grow. */
export const MIDDLE_ROWS = 256;

/**
 * Sums (times `scale`) over the middle of x, seen as [outer, rows, columns] with at most `MIDDLE_ROWS` rows: the means of
 * images' channels. One dispatch, no transpose. Returns [outer, columns] float32, which the caller owns.
 */
export function middleSum(
  host: KernelHost,
  x: tf.TensorInfo,
  [outer, rows, columns]: readonly [number, number, number],
  scale = 1,
): tf.TensorInfo {
  const components = componentsFor(columns);
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const width = columns / components;
  return runKernel(host, {
    key: `middle-sum-${components}`,
    inputs: [{ name: 'x', tensor: x, components }],
    outputComponents: components,
    output: [outer, columns],
    uniforms: { shape: ints(outer * width, rows, width), factor: floats(scale) },
    groups: Math.ceil((outer * width) / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.x) { return; }
  let width = uniforms.shape.z;
  var at = (i / width) * uniforms.shape.y * width + i % width;
  var sum = ${type}(0.0);
  for (var row = 0; row < uniforms.shape.y; row++) {
    sum += x[at];
    at += width;
  }
  result[i] = sum * uniforms.factor.x;
}`,
  });
}
