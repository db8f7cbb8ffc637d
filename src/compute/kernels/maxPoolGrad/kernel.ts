import type { tf } from '../../tf';
import { componentsFor, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/**
 * Gradient of a 2x2, stride 2 max-pool without padding: x [N,H,W,C], dy [N,floor(H/2),floor(W/2),C] -> dx like x. The first maximum
 * of a window, row by row, takes the gradient, as in PyTorch. One invocation writes one window. The caller owns dx.
 */
export function maxPoolGradient(host: KernelHost, dy: tf.TensorInfo, x: tf.TensorInfo): tf.TensorInfo {
  const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
  const components = componentsFor(channels);
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const truth = components === 4 ? 'vec4<bool>' : 'bool';
  const depth = channels / components;
  const [rows, columns] = [Math.ceil(height / 2), Math.ceil(width / 2)];
  const size = batch * rows * columns * depth;
  return runKernel(host, {
    key: `max-pool-gradient-${components}`,
    inputs: [
      { name: 'x', tensor: x, components },
      { name: 'dy', tensor: dy, components },
    ],
    outputComponents: components,
    output: x.shape,
    uniforms: { image: ints(height, width, depth, size), windows: ints(rows, columns) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.image.w) { return; }
  let height = uniforms.image.x;
  let width = uniforms.image.y;
  let depth = uniforms.image.z;
  let c = i % depth;
  let column = (i / depth) % uniforms.windows.y;
  let rest = i / depth / uniforms.windows.y;
  let row = rest % uniforms.windows.x;
  let n = rest / uniforms.windows.x;
  let right = column * 2 + 1 < width;
  let below = row * 2 + 1 < height;
  let at00 = ((n * height + row * 2) * width + column * 2) * depth + c;
  let at10 = at00 + width * depth;
  let zero = ${type}(0.0);
  if (!(right && below)) {
    result[at00] = zero;
    if (right) { result[at00 + depth] = zero; }
    if (below) { result[at10] = zero; }
    return;
  }
  let g = dy[((n * (height / 2) + row) * (width / 2) + column) * depth + c];
  let x00 = x[at00];
  let x01 = x[at00 + depth];
  let x10 = x[at10];
  let x11 = x[at10 + depth];
  let m = max(max(x00, x01), max(x10, x11));
  let is00 = x00 == m;
  let is01 = (x01 == m) & !is00;
  let is10 = (x10 == m) & !(is00 | is01);
  let is11 = !(is00 | is01 | is10) & ${truth}(true);
  result[at00] = select(zero, g, is00);
  result[at00 + depth] = select(zero, g, is01);
  result[at10] = select(zero, g, is10);
  result[at10 + depth] = select(zero, g, is11);
}`,
  });
}
