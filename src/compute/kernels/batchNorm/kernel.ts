import type { tf } from '../../tf';
import { chunkCount, columnSumHalves } from '../columnReduce/kernel';
import { componentsFor, floats, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';

const vector = (components: Components): string => (components === 4 ? 'vec4<f32>' : 'f32');

/** Rows that are summed on their own before they join a chunk's sums: rounding grows with the longest serial sum. */
const BLOCK = 16;

/**
 * Per chunk of rows and channel: the mean and the sum of squared deviations, [chunks, 2, C]. Sums are taken about the
 * chunk's first value, so that a large mean does not eat the variance, and in blocks.
 */
function partialMoments(host: KernelHost, x: tf.TensorInfo, rows: number, channels: number): tf.TensorInfo {
  const components = componentsFor(channels);
  const type = vector(components);
  const chunkRows = Math.ceil(rows / chunkCount(rows));
  const chunks = Math.ceil(rows / chunkRows);
  const width = channels / components;
  return runKernel(host, {
    key: `batch-norm-moments-${components}`,
    inputs: [{ name: 'x', tensor: x, components }],
    outputComponents: components,
    output: [chunks, 2, channels],
    uniforms: { shape: ints(rows, width, chunkRows, chunks * width) },
    groups: Math.ceil((chunks * width) / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.w) { return; }
  let width = uniforms.shape.y;
  let chunk = i / width;
  let column = i % width;
  let first = chunk * uniforms.shape.z;
  let end = min(first + uniforms.shape.z, uniforms.shape.x);
  let origin = x[first * width + column];
  var sum = ${type}(0.0);
  var squares = ${type}(0.0);
  for (var start = first; start < end; start += ${BLOCK}) {
    var part = ${type}(0.0);
    var partSquares = ${type}(0.0);
    for (var row = start; row < min(start + ${BLOCK}, end); row++) {
      let d = x[row * width + column] - origin;
      part += d;
      partSquares += d * d;
    }
    sum += part;
    squares += partSquares;
  }
  let n = f32(end - first);
  result[chunk * 2 * width + column] = origin + sum / n;
  result[(chunk * 2 + 1) * width + column] = max(squares - sum * sum / n, ${type}(0.0));
}`,
  });
}

/**
 * Batch statistics of x, seen as [rows, C]: returns [6, C] with mean, biased variance, gamma / sqrt(variance + epsilon),
 * beta, mean + bias, and what the mean lost when it was rounded. Chunks are merged about the first one's mean (Chan, Golub
 * and LeVeque 1979), by a workgroup a channel. The caller owns the result.
 */
export function batchNormStatistics(
  host: KernelHost,
  x: tf.TensorInfo,
  gamma: tf.TensorInfo,
  beta: tf.TensorInfo,
  bias: tf.TensorInfo | undefined,
  epsilon: number,
): tf.TensorInfo {
  const channels = gamma.shape[0] ?? 0;
  const rows = x.shape.slice(0, -1).reduce((product, side) => product * side, 1);
  const chunkRows = Math.ceil(rows / chunkCount(rows));
  const partial = partialMoments(host, x, rows, channels);
  const stats = runKernel(host, {
    key: 'batch-norm-statistics',
    inputs: [
      { name: 'partial', tensor: partial, components: 1 },
      { name: 'gamma', tensor: gamma, components: 1 },
      { name: 'beta', tensor: beta, components: 1 },
      // Without a bias beta stands in, unread.
      { name: 'bias', tensor: bias ?? beta, components: 1 },
    ],
    outputComponents: 1,
    output: [6, channels],
    uniforms: {
      shape: ints(rows, channels, chunkRows, Math.ceil(rows / chunkRows)),
      mode: ints(bias ? 1 : 0),
      factor: floats(epsilon),
    },
    groups: channels,
    code: () => `
var<workgroup> sums : array<vec2<f32>, ${WORKGROUP}>;
fn main() {
  let c = groupIndex();
  let lane = i32(localIndex);
  let channels = uniforms.shape.y;
  let origin = partial[c];
  // Sum and squares of all values about the origin.
  var sum = vec2<f32>(0.0);
  for (var chunk = lane; chunk < uniforms.shape.w; chunk += ${WORKGROUP}) {
    let n = f32(min(uniforms.shape.z, uniforms.shape.x - chunk * uniforms.shape.z));
    let d = partial[chunk * 2 * channels + c] - origin;
    sum += vec2<f32>(n * d, n * d * d + partial[(chunk * 2 + 1) * channels + c]);
  }
  sums[lane] = sum;
  for (var half = ${WORKGROUP / 2}; half > 0; half /= 2) {
    workgroupBarrier();
    if (lane < half) { sums[lane] += sums[lane + half]; }
  }
  if (lane == 0) {
    let count = f32(uniforms.shape.x);
    let d = sums[0].x / count;
    let mean = origin + d;
    let variance = max(sums[0].y / count - d * d, 0.0);
    result[c] = mean;
    result[channels + c] = variance;
    result[2 * channels + c] = gamma[c] / sqrt(variance + uniforms.factor.x);
    result[3 * channels + c] = beta[c];
    var shifted = mean;
    if (uniforms.mode.x > 0) { shifted += bias[c]; }
    result[4 * channels + c] = shifted;
    result[5 * channels + c] = d - (mean - origin);
  }
}`,
  });
  host.disposeData(partial.dataId);
  return stats;
}

/** WGSL: the normalised value before ReLU; forward and backward share it, so that both see the same sign. */
const CENTRED = `((x[i] - stats[c]) - stats[5 * width + c])`;
const NORMALIZED = `${CENTRED} * stats[2 * width + c] + stats[3 * width + c]`;

/** y = relu?((x - mean) * scale + beta) with `stats` of `batchNormStatistics`. The caller owns y. */
export function batchNormNormalize(
  host: KernelHost,
  x: tf.TensorInfo,
  stats: tf.TensorInfo,
  relu: boolean,
): tf.TensorInfo {
  const channels = stats.shape[1] ?? 0;
  const components = componentsFor(channels);
  const type = vector(components);
  const width = channels / components;
  const size = x.shape.reduce((product, side) => product * side, 1) / components;
  return runKernel(host, {
    key: `batch-norm-normalize-${components}`,
    inputs: [
      { name: 'x', tensor: x, components },
      { name: 'stats', tensor: stats, components },
    ],
    outputComponents: components,
    output: x.shape,
    uniforms: { shape: ints(size, width, relu ? 1 : 0) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.x) { return; }
  let width = uniforms.shape.y;
  let c = i % width;
  let y = ${NORMALIZED};
  result[i] = select(y, ${type}(0.0), (y < ${type}(0.0)) & ${components === 4 ? 'vec4<bool>(uniforms.shape.z > 0)' : '(uniforms.shape.z > 0)'});
}`,
  });
}

/**
 * Gradient of train-mode batch-norm (and ReLU): `dx` like x, `dBeta` and `dGamma`, [1, C] each. With g the gradient that
 * passes the ReLU and h the normalised x: dx = scale (g - mean(g) - h mean(g h)). The caller owns all.
 */
export function batchNormGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  x: tf.TensorInfo,
  stats: tf.TensorInfo,
  epsilon: number,
  relu: boolean,
): { dx: tf.TensorInfo; dBeta: tf.TensorInfo; dGamma: tf.TensorInfo } {
  const channels = stats.shape[1] ?? 0;
  const components = componentsFor(channels);
  const type = vector(components);
  const width = channels / components;
  const size = x.shape.reduce((product, side) => product * side, 1) / components;
  const rows = size / width;
  const inputs = [
    { name: 'dy', tensor: dy, components },
    { name: 'x', tensor: x, components },
    { name: 'stats', tensor: stats, components },
  ];
  const gradient = `
    let passes = (${NORMALIZED} > ${type}(0.0)) | ${components === 4 ? 'vec4<bool>(uniforms.mode.x == 0)' : '(uniforms.mode.x == 0)'};
    let g = select(${type}(0.0), dy[i], passes);
    let h = ${CENTRED} / sqrt(stats[width + c] + uniforms.factor.x);`;
  const chunkRows = Math.ceil(rows / chunkCount(rows));
  const chunks = Math.ceil(rows / chunkRows);
  const partial = runKernel(host, {
    key: `batch-norm-gradient-sums-${components}`,
    inputs,
    outputComponents: components,
    output: [chunks, 2 * channels],
    uniforms: {
      shape: ints(rows, width, chunkRows, chunks * width),
      mode: ints(relu ? 1 : 0),
      factor: floats(epsilon),
    },
    groups: Math.ceil((chunks * width) / WORKGROUP),
    code: () => `
fn main() {
  let index = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (index >= uniforms.shape.w) { return; }
  let width = uniforms.shape.y;
  let chunk = index / width;
  let c = index % width;
  let first = chunk * uniforms.shape.z;
  let end = min(first + uniforms.shape.z, uniforms.shape.x);
  var sum = ${type}(0.0);
  var product = ${type}(0.0);
  for (var row = first; row < end; row++) {
    let i = row * width + c;
${gradient}
    sum += g;
    product += g * h;
  }
  result[chunk * 2 * width + c] = sum;
  result[(chunk * 2 + 1) * width + c] = product;
}`,
  });
  const [dBeta, dGamma] = columnSumHalves(host, partial, chunks, channels);
  host.disposeData(partial.dataId);
  const dx = runKernel(host, {
    key: `batch-norm-gradient-${components}`,
    inputs: [
      ...inputs,
      { name: 'sums', tensor: dBeta, components },
      { name: 'products', tensor: dGamma, components },
    ],
    outputComponents: components,
    output: x.shape,
    uniforms: { shape: ints(size, width), mode: ints(relu ? 1 : 0), factor: floats(epsilon, 1 / rows) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.x) { return; }
  let width = uniforms.shape.y;
  let c = i % width;
${gradient}
  result[i] = stats[2 * width + c] * (g - (sums[c] + h * products[c]) * uniforms.factor.y);
}`,
  });
  return { dx, dBeta, dGamma };
}
