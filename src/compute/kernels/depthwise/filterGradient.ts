import type { tf } from '../../tf';
import { columnSum } from '../columnReduce/kernel';
import type { ConvGeometry } from '../conv2d/geometry';
import { quadLoader, quadStorer, times } from '../conv2d/wgsl';
import { componentsFor, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';

/** Enough invocations for a large GPU. */
const WANTED_INVOCATIONS = 16384;

/** One invocation: one ky, all kx, four channels, over its share of the output rows; the window slides along a row. */
function source(kernelWidth: number, stride: number, components: Components): string {
  const taps = times(kernelWidth);
  const fresh = taps.slice(kernelWidth - stride);
  const kept = taps.slice(0, kernelWidth - stride);
  const column = (k: number, position: string): string =>
    `let at${k} = ${position}; x${k} = select(vec4<f32>(0.0), load_x(row + clamp(at${k}, 0, width - 1), quad, channels), at${k} >= 0 && at${k} < width && inside);`;
  return `
${quadLoader('x', components)}
${quadLoader('dy', components)}
${quadStorer(components)}
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.plan.x) { return; }
  let height = uniforms.image.x;
  let width = uniforms.image.y;
  let channels = uniforms.image.z;
  let quad = i % uniforms.plan.y;
  let ky = (i / uniforms.plan.y) % uniforms.window.x;
  let chunk = i / uniforms.plan.y / uniforms.window.x;
  let first = chunk * uniforms.plan.w;
  let end = min(first + uniforms.plan.w, uniforms.image.w);
${taps.map((k) => `  var s${k} = vec4<f32>(0.0);`).join('\n')}
  for (var outRow = first; outRow < end; outRow++) {
    let iy = (outRow % uniforms.gradient.x) * ${stride} + ky - uniforms.window.y;
    let inside = iy >= 0 && iy < height;
    let row = ((outRow / uniforms.gradient.x) * height + clamp(iy, 0, height - 1)) * width;
${taps.map((k) => `    var x${k} = vec4<f32>(0.0);`).join('\n')}
${kept.map((k) => `    { ${column(k, `${k} - uniforms.window.z`)} }`).join('\n')}
    for (var ox = 0; ox < uniforms.gradient.y; ox++) {
      let ix = ox * ${stride} - uniforms.window.z;
${fresh.map((k) => `      ${column(k, `ix + ${k}`)}`).join('\n')}
      let y = load_dy(outRow * uniforms.gradient.y + ox, quad, channels);
${taps.map((k) => `      s${k} += x${k} * y;`).join('\n')}
${kept.map((k) => `      x${k} = x${k + stride};`).join('\n')}
    }
  }
  let base = (chunk * uniforms.window.x + ky) * ${kernelWidth};
${taps.map((k) => `  store(base + ${k}, quad, channels, s${k});`).join('\n')}
}`;
}

/**
 * Gradient of a depthwise convolution in its weights: x [N,H,W,C], dy [N,Ho,Wo,C] -> dW [k,k,C,1], f32. Chunks of output rows are
 * summed serially, then added by a column sum. The caller owns the result.
 */
export function depthwiseFilterGradient(
  host: KernelHost,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
): tf.TensorInfo {
  const components = componentsFor(g.inChannels);
  const shape = [g.kernelHeight, g.kernelWidth, g.inChannels, 1];
  const size = g.kernelHeight * g.kernelWidth * g.inChannels;
  const quads = Math.ceil(g.inChannels / 4);
  const perChunk = quads * g.kernelHeight;
  const rows = g.batch * g.outHeight;
  const chunkRows = Math.ceil(rows / Math.min(rows, Math.ceil(WANTED_INVOCATIONS / perChunk)));
  const chunks = Math.ceil(rows / chunkRows);
  const partial = runKernel(host, {
    key: `depthwise-filter-gradient-${g.kernelWidth}-${g.stride}-${components}`,
    inputs: [
      { name: 'x', tensor: x, components },
      { name: 'dy', tensor: dy, components },
    ],
    outputComponents: components,
    output: chunks === 1 ? shape : [chunks, size],
    uniforms: {
      image: ints(g.inHeight, g.inWidth, g.inChannels, rows),
      gradient: ints(g.outHeight, g.outWidth),
      window: ints(g.kernelHeight, g.padTop, g.padLeft),
      plan: ints(perChunk * chunks, quads, 0, chunkRows),
    },
    groups: Math.ceil((perChunk * chunks) / WORKGROUP),
    code: () => source(g.kernelWidth, g.stride, components),
  });
  if (chunks === 1) return partial;
  const sum = columnSum(host, partial, chunks, size);
  host.disposeData(partial.dataId);
  return { dataId: sum.dataId, dtype: sum.dtype, shape };
}
