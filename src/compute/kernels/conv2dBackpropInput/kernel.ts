import type { tf } from '../../tf';
import { conv2d } from '../conv2d/kernel';
import type { ConvGeometry } from '../conv2d/geometry';
import { quadLoader, quadStorer, times } from '../conv2d/wgsl';
import { componentsFor, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';

/** Weights with input and output channels exchanged, [kh,kw,Co,Ci], and the window turned by 180 degrees where `flip`. */
function turnWeights(host: KernelHost, w: tf.TensorInfo, g: ConvGeometry, flip: boolean): tf.TensorInfo {
  const taps = g.kernelHeight * g.kernelWidth;
  const size = taps * g.inChannels * g.outChannels;
  return runKernel(host, {
    key: 'conv2d-turn-weights',
    inputs: [{ name: 'w', tensor: w, components: 1 }],
    outputComponents: 1,
    output: [g.kernelHeight, g.kernelWidth, g.outChannels, g.inChannels],
    uniforms: { shape: ints(taps, g.inChannels, g.outChannels, size), mode: ints(flip ? 1 : 0) },
    groups: Math.ceil(size / WORKGROUP),
    code: () => `
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.w) { return; }
  let ci = i % uniforms.shape.y;
  let rest = i / uniforms.shape.y;
  let co = rest % uniforms.shape.z;
  var tap = rest / uniforms.shape.z;
  if (uniforms.mode.x > 0) { tap = uniforms.shape.x - 1 - tap; }
  result[i] = w[(tap * uniforms.shape.y + ci) * uniforms.shape.z + co];
}`,
  });
}

interface Variant {
  readonly kernelWidth: number;
  readonly channels: 4 | 8;
  readonly outputs: Components;
}

const PAIRS = 4;

/**
 * Stride 2: along a row, input columns with (ix + pad) even meet the even kx only, odd ones the odd kx only. One invocation
 * computes `PAIRS` such pairs, so that every product it forms is needed: q counts pairs, ix = 2q + parity - pad, ox = q - kx/2.
 */
function strideTwoSource(v: Variant): string {
  const reach = (v.kernelWidth - 1) >> 1;
  const columns = times(PAIRS + reach);
  const pixels = times(PAIRS * 2);
  const quads = times(v.channels / 4);
  const products = times(v.kernelWidth).flatMap((kx) => [
    ...quads.map((q) => `      let w${kx}_${q} = load_w(tap + ${kx} * co + c, quad + ${q}, ci);`),
    ...times(PAIRS).flatMap((p) =>
      quads.map((q) => `      a${2 * p + (kx & 1)}_${q} += y${p + reach - (kx >> 1)} * w${kx}_${q};`),
    ),
  ]);
  return `
${quadLoader('w', v.outputs)}
${quadStorer(v.outputs)}
fn main() {
  let group = groupIndex();
  let tile = (group % uniforms.plan.x) * ${WORKGROUP} + i32(localIndex);
  let quad = (group / uniforms.plan.x) * ${v.channels / 4};
  let t = min(tile, uniforms.plan.y - 1);
  let ci = uniforms.image.z;
  let co = uniforms.gradient.z;
  let q0 = uniforms.plan.w + (t % uniforms.plan.z) * ${PAIRS};
  let inRow = t / uniforms.plan.z;
  let shifted = inRow % uniforms.image.x + uniforms.window.y;
  let image = (inRow / uniforms.image.x) * uniforms.gradient.x;
${columns.map((c) => `  let o${c} = q0 + ${c - reach}; let col${c} = clamp(o${c}, 0, uniforms.gradient.y - 1) * co; let in${c} = o${c} >= 0 && o${c} < uniforms.gradient.y;`).join('\n')}
${pixels.flatMap((m) => quads.map((q) => `  var a${m}_${q} = vec4<f32>(0.0);`)).join('\n')}
  for (var ky = shifted & 1; ky < uniforms.window.x; ky += 2) {
    let oy = (shifted - ky) >> 1u;
    let inside = oy >= 0 && oy < uniforms.gradient.x;
    let row = (image + clamp(oy, 0, uniforms.gradient.x - 1)) * uniforms.gradient.y * co;
    let tap = ky * ${v.kernelWidth} * co;
    for (var c = 0; c < co; c++) {
${columns.map((c) => `      let y${c} = select(0.0, dy[row + col${c} + c], inside && in${c});`).join('\n')}
${products.join('\n')}
    }
  }
  let ix = 2 * q0 - uniforms.window.z;
  let to = inRow * uniforms.image.y + ix;
  let live = tile < uniforms.plan.y;
${pixels
  .map(
    (m) => `  if (live && ix + ${m} >= 0 && ix + ${m} < uniforms.image.y) {
${quads.map((q) => `    store(to + ${m}, quad + ${q}, ci, a${m}_${q});`).join('\n')}
  }`,
  )
  .join('\n')}
}`;
}

function strideTwo(
  host: KernelHost,
  dy: tf.TensorInfo,
  turned: tf.TensorInfo,
  g: ConvGeometry,
): tf.TensorInfo {
  const variant: Variant = {
    kernelWidth: g.kernelWidth,
    channels: g.inChannels <= 4 ? 4 : 8,
    outputs: componentsFor(g.inChannels),
  };
  const firstPair = g.padLeft >> 1;
  const lastPair = (g.inWidth - 1 + g.padLeft) >> 1;
  const tilesPerRow = Math.ceil((lastPair - firstPair + 1) / PAIRS);
  const tiles = g.batch * g.inHeight * tilesPerRow;
  const pixelGroups = Math.ceil(tiles / WORKGROUP);
  return runKernel(host, {
    key: `conv2d-input-gradient-s2-${Object.values(variant).join('-')}`,
    inputs: [
      { name: 'dy', tensor: dy, components: 1 },
      { name: 'w', tensor: turned, components: variant.outputs },
    ],
    outputComponents: variant.outputs,
    output: [g.batch, g.inHeight, g.inWidth, g.inChannels],
    uniforms: {
      image: ints(g.inHeight, g.inWidth, g.inChannels),
      gradient: ints(g.outHeight, g.outWidth, g.outChannels),
      window: ints(g.kernelHeight, g.padTop, g.padLeft),
      plan: ints(pixelGroups, tiles, tilesPerRow, firstPair),
    },
    groups: pixelGroups * Math.ceil(g.inChannels / variant.channels),
    code: () => strideTwoSource(variant),
  });
}

/**
 * Gradient of a convolution in its input: dy [N,Ho,Wo,Co], w [kh,kw,Ci,Co] -> dx [N,H,W,Ci], f32. Stride 1 is a convolution of
 * dy with the turned weights and the complementary padding; stride 2 has its own kernel. The caller owns the result.
 */
export function conv2dInputGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  w: tf.TensorInfo,
  g: ConvGeometry,
): tf.TensorInfo {
  const turned = turnWeights(host, w, g, g.stride === 1);
  const dx =
    g.stride === 2
      ? strideTwo(host, dy, turned, g)
      : conv2d(host, dy, turned, {
          ...g,
          inHeight: g.outHeight,
          inWidth: g.outWidth,
          inChannels: g.outChannels,
          outHeight: g.inHeight,
          outWidth: g.inWidth,
          outChannels: g.inChannels,
          padTop: g.kernelHeight - 1 - g.padTop,
          padLeft: g.kernelWidth - 1 - g.padLeft,
        });
  host.disposeData(turned.dataId);
  return dx;
}
