import type { tf } from '../../tf';
import { componentsFor, floats, ints, runKernel, WORKGROUP, type KernelHost } from '../host';

/**
 * Gradient of a bilinear resize with align_corners: dy [N,Ho,Wo,C] -> dx [N,H,W,C], all of H, W, Ho, Wo at least 2. An output row oy
 * samples the input at s = oy (H-1)/(Ho-1) and gives row iy the weight max(0, 1 - |s - iy|); each invocation gathers the
 * few outputs near its input pixel. The caller owns dx.
 */
export function resizeBilinearGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  inputShape: readonly number[],
): tf.TensorInfo {
  const [batch = 0, height = 0, width = 0, channels = 0] = inputShape;
  const [, outHeight = 0, outWidth = 0] = dy.shape;
  const components = componentsFor(channels);
  const type = components === 4 ? 'vec4<f32>' : 'f32';
  const depth = channels / components;
  const size = batch * height * width * depth;
  const scale: [number, number] = [(height - 1) / (outHeight - 1), (width - 1) / (outWidth - 1)];
  return runKernel(host, {
    key: `resize-bilinear-gradient-${components}`,
    inputs: [{ name: 'dy', tensor: dy, components }],
    outputComponents: components,
    output: inputShape,
    uniforms: {
      image: ints(height, width, depth, size),
      gradient: ints(outHeight, outWidth),
      scale: floats(scale[0], scale[1], 1 / scale[0], 1 / scale[1]),
    },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.image.w) { return; }
  let depth = uniforms.image.z;
  let c = i % depth;
  let ix = (i / depth) % uniforms.image.y;
  let rest = i / depth / uniforms.image.y;
  let iy = rest % uniforms.image.x;
  let n = rest / uniforms.image.x;
  let position = vec2<f32>(f32(iy), f32(ix));
  let low = max(vec2<i32>(floor((position - 1.0) * uniforms.scale.zw)), vec2<i32>(0));
  let high = min(vec2<i32>(ceil((position + 1.0) * uniforms.scale.zw)), uniforms.gradient.xy - 1);
  var sum = ${type}(0.0);
  for (var oy = low.x; oy <= high.x; oy++) {
    let wy = max(0.0, 1.0 - abs(f32(oy) * uniforms.scale.x - position.x));
    let row = (n * uniforms.gradient.x + oy) * uniforms.gradient.y;
    for (var ox = low.y; ox <= high.y; ox++) {
      let wx = max(0.0, 1.0 - abs(f32(ox) * uniforms.scale.y - position.y));
      sum += dy[(row + ox) * depth + c] * (wy * wx);
    }
  }
  result[i] = sum;
}`,
  });
}
