import type { tf } from '../../tf';
import { WORKGROUP_REDUCE } from '../columnReduce/workgroupReduce';
import { componentsFor, floats, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/** How the loss is computed and what its gradient is multiplied by. */
export interface SupconScales {
  readonly temperature: number;
  readonly views: 1 | 2;
  /** Whether the images are scaled to length 1. */
  readonly normalize: boolean;
  /** The anchors' losses are multiplied by it before they are summed: the weight, and one over their number for a mean. */
  readonly scale: number;
}

/** Images a side of the block of products that a workgroup computes. */
const BLOCK = 4;
/** Products that an invocation sums on their own before they join its sum. */
const RUN = 16;

function imageSize(x: tf.TensorInfo): [count: number, length: number] {
  const [count = 0, ...rest] = x.shape;
  return [count, rest.reduce((product, side) => product * side, 1)];
}

const each = (count: number, line: (i: number) => string): string =>
  Array.from({ length: count }, (_, i) => line(i)).join('\n');

/**
 * x xᵀ of the flattened images, [N, N], exactly symmetric. A workgroup computes one block on or above the diagonal; its
 * invocations share the images' length out and add up pairwise. The caller owns the result.
 */
export function gramMatrix(host: KernelHost, x: tf.TensorInfo): tf.TensorInfo {
  const [count, length] = imageSize(x);
  const components = componentsFor(length);
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const blocks = Math.ceil(count / BLOCK);
  return runKernel(host, {
    key: `supcon-gram-${components}`,
    inputs: [{ name: 'x', tensor: x, components }],
    outputComponents: 1,
    output: [count, count],
    uniforms: { shape: ints(count, length / components, blocks) },
    groups: blocks * blocks,
    code: () => `
var<workgroup> sums : array<mat4x4<f32>, ${WORKGROUP}>;
fn rowOf(i : i32) -> i32 { return min(i, uniforms.shape.x - 1) * uniforms.shape.y; }
fn product(a : ${type}, b : ${type}) -> f32 { return ${components === 4 ? 'dot(a, b)' : 'a * b'}; }
fn main() {
  let lane = i32(localIndex);
  let n = uniforms.shape.x;
  let i = groupIndex() / uniforms.shape.z * ${BLOCK};
  let j = groupIndex() % uniforms.shape.z * ${BLOCK};
  // Below the diagonal there is nothing to sum, but the barriers are everybody's.
  let end = select(uniforms.shape.y, 0, i > j);
  var sum = mat4x4<f32>();
  for (var start = lane; start < end; start += ${WORKGROUP * RUN}) {
    var part = mat4x4<f32>();
    for (var k = start; k < min(start + ${WORKGROUP * RUN}, end); k += ${WORKGROUP}) {
${each(BLOCK, (r) => `      let a${r} = x[rowOf(i + ${r}) + k];`)}
${each(BLOCK, (c) => `      let b${c} = x[rowOf(j + ${c}) + k];`)}
      part += mat4x4<f32>(
${each(BLOCK, (r) => `        ${Array.from({ length: BLOCK }, (_, c) => `product(a${r}, b${c})`).join(', ')}${r < BLOCK - 1 ? ',' : ''}`)});
    }
    sum += part;
  }
  sums[lane] = sum;
  for (var half = ${WORKGROUP / 2}; half > 0; half /= 2) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  workgroupBarrier();
  let r = lane / ${BLOCK};
  let c = lane % ${BLOCK};
  // On the diagonal the two halves of a block are written from one.
  if (lane < ${BLOCK * BLOCK} && i <= j && i + r < n && j + c < n && i + r <= j + c) {
    let value = sums[0][r][c];
    result[(i + r) * n + j + c] = value;
    result[(j + c) * n + i + r] = value;
  }
}`,
  });
}

// `weightOf` is how often anchor i sees image j: as often as there are views, less itself.
const SIMILARITY = `
fn weightOf(i : i32, j : i32) -> f32 { return f32(uniforms.shape.y - select(0, 1, i == j)); }
fn lengthOf(i : i32) -> f32 {
  let n = uniforms.shape.x;
  return select(1.0, max(sqrt(gram[i * n + i]), 1e-12), uniforms.shape.z > 0);
}
fn similarity(i : i32, j : i32) -> f32 {
  return gram[i * uniforms.shape.x + j] / (lengthOf(i) * lengthOf(j)) / uniforms.factor.x;
}`;

/**
 * Per anchor i, [N, 4]: the shift t, the sum of w e^(s - t), the sum of the positives' weights, and the loss
 *
 *     l_i = log Σ_j w_ij e^(s_ij) - (1 / Σ_p w_ip) Σ_p w_ip s_ip,   p over the images of i's class,
 *
 * or 0 without positives. Two identical views need no 2N x 2N matrix: both copies of anchor i see the other copy of
 * themselves once and every other image twice, w = views - [i = j]. The caller owns the result.
 */
export function supconAnchors(
  host: KernelHost,
  gram: tf.TensorInfo,
  labels: tf.TensorInfo,
  { temperature, views, normalize }: SupconScales,
): tf.TensorInfo {
  const count = labels.shape[0] ?? 0;
  return runKernel(host, {
    key: 'supcon-anchors',
    inputs: [
      { name: 'gram', tensor: gram, components: 1 },
      { name: 'labels', tensor: labels, components: 1 },
    ],
    outputComponents: 1,
    output: [count, 4],
    uniforms: { shape: ints(count, views, normalize ? 1 : 0), factor: floats(temperature) },
    groups: count,
    // The shift is the largest term that counts: with one view the diagonal does not, and can be far above the rest.
    code: () => `${WORKGROUP_REDUCE}${SIMILARITY}
fn main() {
  let i = groupIndex();
  let n = uniforms.shape.x;
  var largest = -1e30;
  var weights = 0.0;
  for (var j = i32(localIndex); j < n; j += ${WORKGROUP}) {
    let weight = weightOf(i, j);
    if (weight > 0.0) { largest = max(largest, similarity(i, j)); }
    if (labels[i] == labels[j]) { weights += weight; }
  }
  let top = maxOver(largest);
  let positives = sumOver(weights);
  var part = 0.0;
  var pulled = 0.0;
  for (var j = i32(localIndex); j < n; j += ${WORKGROUP}) {
    let weight = weightOf(i, j);
    if (weight > 0.0) {
      let shifted = similarity(i, j) - top;
      part += weight * exp(shifted);
      if (labels[i] == labels[j]) { pulled += weight / positives * shifted; }
    }
  }
  let total = sumOver(part);
  let attraction = sumOver(pulled);
  if (localIndex == 0u) {
    result[4 * i] = top;
    result[4 * i + 1] = total;
    result[4 * i + 2] = positives;
    var loss = 0.0;
    if (positives > 0.0) { loss = log(total) - attraction; }
    result[4 * i + 3] = loss;
  }
}`,
  });
}

/**
 * W, symmetric [N, N], with which the gradient of `scale` Σ l_i in the images is W x: the slope in the similarities and its
 * transpose, through the temperature, the lengths and, on the diagonal, the normalisation. The caller owns the result.
 */
export function supconWeights(
  host: KernelHost,
  gram: tf.TensorInfo,
  labels: tf.TensorInfo,
  anchors: tf.TensorInfo,
  { temperature, views, normalize, scale }: SupconScales,
): tf.TensorInfo {
  const count = labels.shape[0] ?? 0;
  return runKernel(host, {
    key: 'supcon-weights',
    inputs: [
      { name: 'gram', tensor: gram, components: 1 },
      { name: 'labels', tensor: labels, components: 1 },
      { name: 'anchors', tensor: anchors, components: 1 },
    ],
    outputComponents: 1,
    output: [count, count],
    uniforms: { shape: ints(count, views, normalize ? 1 : 0), factor: floats(temperature, scale) },
    groups: count,
    code: () => `${WORKGROUP_REDUCE}${SIMILARITY}
fn slope(i : i32, j : i32, s : f32) -> f32 {
  let weight = weightOf(i, j);
  let positives = anchors[4 * i + 2];
  if (weight == 0.0 || positives == 0.0) { return 0.0; }
  let share = select(0.0, weight / positives, labels[i] == labels[j]);
  return uniforms.factor.y * (weight * exp(s - anchors[4 * i]) / anchors[4 * i + 1] - share);
}
fn main() {
  let i = groupIndex();
  let n = uniforms.shape.x;
  let length = lengthOf(i);
  var part = 0.0;
  var own = 0.0;
  for (var j = i32(localIndex); j < n; j += ${WORKGROUP}) {
    let s = similarity(i, j);
    let both = slope(i, j, s) + slope(j, i, s);
    part += both * s;
    let weight = both / (uniforms.factor.x * length * lengthOf(j));
    if (i == j) { own = weight; } else { result[i * n + j] = weight; }
  }
  // The part of the gradient along the image itself, which normalisation takes away.
  let radial = sumOver(part);
  if (i32(localIndex) == i % ${WORKGROUP}) {
    result[i * n + i] = own - select(0.0, radial / (length * length), uniforms.shape.z > 0);
  }
}`,
  });
}

/** Images of one invocation in `supconGradient`. */
const ROWS = 8;

/** W x for the symmetric W of `supconWeights`: the gradient in the images, shaped like x. The caller owns the result. */
export function supconGradient(host: KernelHost, weights: tf.TensorInfo, x: tf.TensorInfo): tf.TensorInfo {
  const [count, length] = imageSize(x);
  const components = componentsFor(length);
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const width = length / components;
  const tiles = Math.ceil(count / ROWS);
  return runKernel(host, {
    key: `supcon-gradient-${components}`,
    inputs: [
      { name: 'weights', tensor: weights, components: 1 },
      { name: 'x', tensor: x, components },
    ],
    outputComponents: components,
    output: x.shape,
    uniforms: { shape: ints(count, width, tiles) },
    groups: Math.ceil((tiles * width) / WORKGROUP),
    code: () => `
fn main() {
  let index = groupIndex() * ${WORKGROUP} + i32(localIndex);
  let n = uniforms.shape.x;
  let width = uniforms.shape.y;
  if (index >= uniforms.shape.z * width) { return; }
  let column = index % width;
  let first = index / width * ${ROWS};
${each(ROWS, (r) => `  var sum${r} = ${type}(0.0);`)}
${each(ROWS, (r) => `  let row${r} = min(first + ${r}, n - 1) * n;`)}
  for (var j = 0; j < n; j++) {
    let value = x[j * width + column];
${each(ROWS, (r) => `    sum${r} += weights[row${r} + j] * value;`)}
  }
${each(ROWS, (r) => `  if (first + ${r} < n) { result[(first + ${r}) * width + column] = sum${r}; }`)}
}`,
  });
}
