import type { tf } from '../../tf';
import { componentsFor, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/** Rows that one workgroup adds; more are cut into chunks of so many, and their sums added by a second pass. */
const CHUNK_ROWS = 4096;

/**
 * Sums over the rows of x, seen as [rows, columns], with `subgroupAdd`: a workgroup takes one column (or four neighbours) and a
 * chunk of the rows, its lanes every 64th row. Fewer and shorter serial sums than `columnSum`, in another order. Needs the
 * `subgroups` feature and `allowDirectives`. Returns [1, columns] float32, which the caller owns.
 */
export function subgroupColumnSum(
  host: KernelHost,
  x: tf.TensorInfo,
  rows: number,
  columns: number,
): tf.TensorInfo {
  const components = componentsFor(columns);
  const chunks = Math.ceil(rows / CHUNK_ROWS);
  const width = columns / components;
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const sum = runKernel(host, {
    key: `subgroup-sum-${components}`,
    inputs: [{ name: 'x', tensor: x, components }],
    outputComponents: components,
    output: [chunks, columns],
    uniforms: { shape: ints(rows, width, CHUNK_ROWS, chunks * width) },
    groups: chunks * width,
    code: () => `
enable subgroups;
var<workgroup> sums : array<${type}, ${WORKGROUP}>;
fn main() {
  let group = groupIndex();
  let column = group % uniforms.shape.y;
  let first = (group / uniforms.shape.y) * uniforms.shape.z;
  let end = min(first + uniforms.shape.z, uniforms.shape.x);
  var sum = ${type}(0.0);
  for (var row = first + i32(localIndex); row < end; row += ${WORKGROUP}) { sum += x[row * uniforms.shape.y + column]; }
  let together = subgroupAdd(sum);
  // How lanes are dealt to subgroups is not said anywhere: each subgroup's elected lane speaks, the others add nothing.
  sums[localIndex] = select(${type}(0.0), together, subgroupElect());
  workgroupBarrier();
  if (localIndex == 0u && group < uniforms.shape.w) {
    var total = sums[0];
    for (var lane = 1; lane < ${WORKGROUP}; lane++) { total += sums[lane]; }
    result[group] = total;
  }
}`,
  });
  if (chunks === 1) return sum;
  const total = subgroupColumnSum(host, sum, chunks, columns);
  host.disposeData(sum.dataId);
  return total;
}
