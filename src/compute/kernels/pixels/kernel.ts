import type { tf } from '../../tf';
import { componentsFor, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

const elements = (x: tf.TensorInfo): number => x.shape.reduce((product, side) => product * side, 1);

/** (x - mean) / std by the last dimension, or x / std without a mean, which is its gradient. The caller owns the result. */
export function normalizePixels(
  host: KernelHost,
  x: tf.TensorInfo,
  mean: tf.TensorInfo | undefined,
  std: tf.TensorInfo,
): tf.TensorInfo {
  const size = elements(x);
  return runKernel(host, {
    key: 'normalize-pixels',
    inputs: [
      { name: 'x', tensor: x, components: 1 },
      // Without a mean the deviation stands in, unread.
      { name: 'mean', tensor: mean ?? std, components: 1 },
      { name: 'deviation', tensor: std, components: 1 },
    ],
    outputComponents: 1,
    output: x.shape,
    uniforms: { shape: ints(size, std.shape[0] ?? 1, mean ? 1 : 0) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.x) { return; }
  let c = i % uniforms.shape.y;
  var value = x[i];
  if (uniforms.shape.z > 0) { value -= mean[c]; }
  result[i] = value / deviation[c];
}`,
  });
}

/** The gradient of a clamp to [0,1], as PyTorch has it: it passes at 0 and 1 themselves. The caller owns the result. */
export function clampGradient(host: KernelHost, dy: tf.TensorInfo, x: tf.TensorInfo): tf.TensorInfo {
  const components = componentsFor(elements(x));
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const size = elements(x) / components;
  return runKernel(host, {
    key: `clamp-gradient-${components}`,
    inputs: [
      { name: 'dy', tensor: dy, components },
      { name: 'x', tensor: x, components },
    ],
    outputComponents: components,
    output: x.shape,
    uniforms: { shape: ints(size) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.x) { return; }
  let inside = (x[i] >= ${type}(0.0)) & (x[i] <= ${type}(1.0));
  result[i] = select(${type}(0.0), dy[i], inside);
}`,
  });
}
