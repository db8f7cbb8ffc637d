import type { tf } from '../../tf';
import { componentsFor, floats, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/** Up to this many rows one invocation sums alone; more are split in about sqrt(rows) chunks, which also bounds the error. */
const SERIAL_ROWS = 64;

/** How many chunks a column of `rows` is cut into. */
export function chunkCount(rows: number): number {
  return rows <= SERIAL_ROWS ? 1 : Math.ceil(Math.sqrt(rows));
}

function pass(
  host: KernelHost,
  x: tf.TensorInfo,
  rows: number,
  columns: number,
  chunks: number,
  scale: number,
): tf.TensorInfo {
  const components = componentsFor(columns);
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const width = columns / components;
  const chunkRows = Math.ceil(rows / chunks);
  return runKernel(host, {
    key: `column-sum-${components}`,
    inputs: [{ name: 'x', tensor: x, components }],
    outputComponents: components,
    output: [chunks, columns],
    uniforms: { shape: ints(rows, width, chunkRows, chunks * width), factor: floats(scale) },
    groups: Math.ceil((chunks * width) / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.w) { return; }
  let width = uniforms.shape.y;
  let first = (i / width) * uniforms.shape.z;
  let end = min(first + uniforms.shape.z, uniforms.shape.x);
  var at = first * width + i % width;
  var sum = ${type}(0.0);
  for (var row = first; row < end; row++) {
    sum += x[at];
    at += width;
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
  if (chunks === 1) return pass(host, x, rows, columns, 1, scale);
  const partial = pass(host, x, rows, columns, chunks, 1);
  const sum = columnSum(host, partial, chunks, columns, scale);
  host.disposeData(partial.dataId);
  return sum;
}
