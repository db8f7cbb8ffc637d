import type { tf } from '../../tf';
import { columnSum } from '../columnReduce/kernel';
import type { ConvGeometry } from '../conv2d/geometry';
import { quadLoader, quadStorer, times } from '../conv2d/wgsl';
import { componentsFor, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';

interface Variant {
  readonly kernelWidth: number;
  readonly stride: number;
  readonly inputChannels: 1 | 4 | 8;
  readonly quads: 1 | 2;
  readonly outputs: Components;
}

/** Partial sums may take this much memory, and no more elements than x and dy together: they are written and read again. */
const MAX_PARTIAL_BYTES = 64 * 2 ** 20;

/** Enough invocations for a large GPU; software adapters are content with a quarter of it. */
const WANTED_INVOCATIONS = 16384;

/**
 * One invocation: one ky, all kx, `inputChannels` x 4 `quads` channels of dW, summed over its share of the output rows. The
 * window slides along x, so each input column is loaded once per row.
 */
function source(v: Variant): string {
  const taps = times(v.kernelWidth);
  const inputs = times(v.inputChannels);
  const quads = times(v.quads);
  const fresh = taps.slice(Math.max(0, v.kernelWidth - v.stride));
  const kept = taps.slice(0, Math.max(0, v.kernelWidth - v.stride));
  const each = (line: (k: number, a: number, q: number) => string): string =>
    taps.flatMap((k) => inputs.flatMap((a) => quads.map((q) => line(k, a, q)))).join('\n');
  const column = (k: number, position: string): string =>
    `let at${k} = ${position}; let in${k} = at${k} >= 0 && at${k} < width && inside; let from${k} = (row + clamp(at${k}, 0, width - 1)) * ci;
${inputs.map((a) => `      x${k}_${a} = select(0.0, x[from${k} + c${a}], in${k});`).join('\n')}`;
  return `
${quadLoader('dy', v.outputs)}
${quadStorer(v.outputs)}
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.plan.x) { return; }
  let height = uniforms.image.x;
  let width = uniforms.image.y;
  let ci = uniforms.image.z;
  let co = uniforms.gradient.z;
  let quad = (i % uniforms.plan.y) * ${v.quads};
  var rest = i / uniforms.plan.y;
  let c0 = (rest % uniforms.plan.z) * ${v.inputChannels};
${inputs
  .slice(1)
  .map((a) => `  let c${a} = min(c0 + ${a}, ci - 1);`)
  .join('\n')}
  rest = rest / uniforms.plan.z;
  let ky = rest % uniforms.window.x;
  let chunk = rest / uniforms.window.x;
  let first = chunk * uniforms.plan.w;
  let end = min(first + uniforms.plan.w, uniforms.image.w);
${each((k, a, q) => `  var s${k}_${a}_${q} = vec4<f32>(0.0);`)}
  for (var outRow = first; outRow < end; outRow++) {
    let iy = (outRow % uniforms.gradient.x) * ${v.stride} + ky - uniforms.window.y;
    let inside = iy >= 0 && iy < height;
    let row = ((outRow / uniforms.gradient.x) * height + clamp(iy, 0, height - 1)) * width;
${taps.flatMap((k) => inputs.map((a) => `    var x${k}_${a} = 0.0;`)).join('\n')}
${kept.map((k) => `    { ${column(k, `${k} - uniforms.window.z`)} }`).join('\n')}
    for (var ox = 0; ox < uniforms.gradient.y; ox++) {
      let ix = ox * ${v.stride} - uniforms.window.z;
${fresh.map((k) => `      ${column(k, `ix + ${k}`)}`).join('\n')}
${quads.map((q) => `      let y${q} = load_dy(outRow * uniforms.gradient.y + ox, quad + ${q}, co);`).join('\n')}
${each((k, a, q) => `      s${k}_${a}_${q} += x${k}_${a} * y${q};`)}
${kept.flatMap((k) => inputs.map((a) => `      x${k}_${a} = x${k + v.stride}_${a};`)).join('\n')}
    }
  }
  let base = (chunk * uniforms.window.x + ky) * ${v.kernelWidth};
${taps
  .flatMap((k) =>
    inputs.map(
      (a) => `  if (c0 + ${a} < ci) { let r${k}_${a} = (base + ${k}) * ci + c0 + ${a};
${quads.map((q) => `    store(r${k}_${a}, quad + ${q}, co, s${k}_${a}_${q});`).join('\n')} }`,
    ),
  )
  .join('\n')}
}`;
}

function variantFor(g: ConvGeometry): Variant {
  return {
    kernelWidth: g.kernelWidth,
    stride: g.stride,
    // A window above 3x3 has as many sums as a row of a 3x3 one for four channels already with one channel.
    inputChannels: g.inChannels < 4 || g.kernelWidth > 3 ? 1 : 4,
    quads: g.outChannels >= 8 ? 2 : 1,
    outputs: componentsFor(g.outChannels),
  };
}

/**
 * Gradient of a convolution in its weights: x [N,H,W,Ci], dy [N,Ho,Wo,Co] -> dW [kh,kw,Ci,Co], f32. The N*Ho output rows are cut
 * into chunks; each chunk's sum runs serially, then the chunks are added by a column sum. The caller owns the result.
 */
export function conv2dFilterGradient(
  host: KernelHost,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
): tf.TensorInfo {
  const variant = variantFor(g);
  const shape = [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels];
  const size = shape.reduce((product, side) => product * side, 1);
  const outTiles = Math.ceil(g.outChannels / (4 * variant.quads));
  const inTiles = Math.ceil(g.inChannels / variant.inputChannels);
  const perChunk = outTiles * inTiles * g.kernelHeight;
  const rows = g.batch * g.outHeight;
  const operands = rows * g.outWidth * (g.outChannels + g.inChannels * g.stride * g.stride);
  const wanted = Math.min(
    rows,
    Math.ceil(WANTED_INVOCATIONS / perChunk),
    Math.floor(Math.min(MAX_PARTIAL_BYTES / 4, operands) / size),
  );
  const chunkRows = Math.ceil(rows / Math.max(1, wanted));
  const chunks = Math.ceil(rows / chunkRows);
  const partial = runKernel(host, {
    key: `conv2d-filter-gradient-${Object.values(variant).join('-')}`,
    inputs: [
      { name: 'x', tensor: x, components: 1 },
      { name: 'dy', tensor: dy, components: variant.outputs },
    ],
    outputComponents: variant.outputs,
    output: chunks === 1 ? shape : [chunks, size],
    uniforms: {
      image: ints(g.inHeight, g.inWidth, g.inChannels, rows),
      gradient: ints(g.outHeight, g.outWidth, g.outChannels),
      window: ints(g.kernelHeight, g.padTop, g.padLeft),
      plan: ints(perChunk * chunks, outTiles, inTiles, chunkRows),
    },
    groups: Math.ceil((perChunk * chunks) / WORKGROUP),
    code: () => source(variant),
  });
  if (chunks === 1) return partial;
  const sum = columnSum(host, partial, chunks, size);
  host.disposeData(partial.dataId);
  return { dataId: sum.dataId, dtype: sum.dtype, shape };
}
