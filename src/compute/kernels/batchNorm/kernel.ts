import type { tf } from '../../tf';
import { chunkCount, columnSumHalves } from '../columnReduce/kernel';
import { componentsFor, floats, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';

const vector = (components: Components): string => (components === 4 ? 'vec4<f32>' : 'f32');

/**
 * Per chunk of rows and channel: the mean and the sum of squared deviations, [chunks, 2, C]. Sums are taken about the
 * chunk's first value, so that a large mean does not eat the variance.
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
  for (var row = first; row < end; row++) {
    let d = x[row * width + column] - origin;
    sum += d;
    squares += d * d;
  }
  let n = f32(end - first);
  result[chunk * 2 * width + column] = origin + sum / n;
  result[(chunk * 2 + 1) * width + column] = max(squares - sum * sum / n, ${type}(0.0));
}`,
  });
}

/**
 * Batch statistics of x, seen as [rows, C]: returns [5, C] with mean, biased variance, gamma / sqrt(variance + epsilon),
 * beta, and mean + bias. Chunks are merged pairwise in order (Chan, Golub and LeVeque 1979). The caller owns the result.
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
    output: [5, channels],
    uniforms: {
      shape: ints(rows, channels, chunkRows, Math.ceil(rows / chunkRows)),
      mode: ints(bias ? 1 : 0),
      factor: floats(epsilon),
    },
    groups: Math.ceil(channels / WORKGROUP),
    code: () => `
fn main() {
  let c = groupIndex() * ${WORKGROUP} + i32(localIndex);
  let channels = uniforms.shape.y;
  if (c >= channels) { return; }
  var mean = 0.0;
  var squares = 0.0;
  for (var chunk = 0; chunk < uniforms.shape.w; chunk++) {
    let before = f32(chunk * uniforms.shape.z);
    let n = min(f32(uniforms.shape.z), f32(uniforms.shape.x) - before);
    let d = partial[chunk * 2 * channels + c] - mean;
    let share = n / (before + n);
    mean += d * share;
    squares += partial[(chunk * 2 + 1) * channels + c] + d * d * before * share;
  }
  let variance = squares / f32(uniforms.shape.x);
  result[c] = mean;
  result[channels + c] = variance;
  result[2 * channels + c] = gamma[c] / sqrt(variance + uniforms.factor.x);
  result[3 * channels + c] = beta[c];
  var shifted = mean;
  if (uniforms.mode.x > 0) { shifted += bias[c]; }
  result[4 * channels + c] = shifted;
}`,
  });
  host.disposeData(partial.dataId);
  return stats;
}

/** WGSL: the normalised value before ReLU; forward and backward share it, so that both see the same sign. */
const NORMALIZED = `(x[i] - stats[c]) * stats[2 * width + c] + stats[3 * width + c]`;

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
    let h = (x[i] - stats[c]) / sqrt(stats[width + c] + uniforms.factor.x);`;
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
