import type { tf } from '../../tf';
import {
  epilogue,
  epilogueInputs,
  epilogueLoaders,
  epilogueUniform,
  type ConvEpilogue,
} from '../conv2d/epilogue';
import { conv2d } from '../conv2d/kernel';
import type { ConvGeometry } from '../conv2d/geometry';
import { quadLoader, quadStorer, times } from '../conv2d/wgsl';
import { componentsFor, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';

/**
 * The weights [kh,kw,Ci,Co] as the input gradient of a convolution of this stride reads them: channels exchanged,
 * [kh,kw,Co,Ci], and for stride 1 the window turned by 180 degrees. The caller owns the result.
 */
export function turnWeights(host: KernelHost, w: tf.TensorInfo, stride: number): tf.TensorInfo {
  const [height = 0, width = 0, inputs = 0, outputs = 0] = w.shape;
  const taps = height * width;
  const size = taps * inputs * outputs;
  return runKernel(host, {
    key: 'conv2d-turn-weights',
    inputs: [{ name: 'w', tensor: w, components: 1 }],
    outputComponents: 1,
    output: [height, width, outputs, inputs],
    uniforms: { shape: ints(taps, inputs, outputs, size), mode: ints(stride === 1 ? 1 : 0) },
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
  const each = (line: (m: number, q: number) => string): string =>
    pixels.flatMap((m) => quads.map((q) => line(m, q))).join('\n');
  const products = times(v.kernelWidth).flatMap((kx) => [
    ...quads.map((q) => `      let w${kx}_${q} = load_w(tap + ${kx} * co + c, quad + ${q}, ci);`),
    ...times(PAIRS).flatMap((p) =>
      quads.map((q) => `      a${2 * p + (kx & 1)}_${q} += y${p + reach - (kx >> 1)} * w${kx}_${q};`),
    ),
  ]);
  return `
${quadLoader('w', v.outputs)}
${epilogueLoaders(v.outputs)}
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
${each((m, q) => `  var a${m}_${q} = vec4<f32>(0.0);`)}
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
${epilogue({
  pixels: PAIRS * 2,
  quads: v.channels / 4,
  first: 'max(0, -ix)',
  end: `select(0, min(${PAIRS * 2}, uniforms.image.y - ix), tile < uniforms.plan.y)`,
  row: 'inRow * uniforms.image.y + ix',
  quad: 'quad',
  limit: 'ci',
})}
}`;
}

function strideTwo(
  host: KernelHost,
  dy: tf.TensorInfo,
  turned: tf.TensorInfo,
  g: ConvGeometry,
  after: InputGradientEpilogue,
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
      ...epilogueInputs(after, turned, variant.outputs),
    ],
    outputComponents: variant.outputs,
    output: [g.batch, g.inHeight, g.inWidth, g.inChannels],
    uniforms: {
      image: ints(g.inHeight, g.inWidth, g.inChannels),
      gradient: ints(g.outHeight, g.outWidth, g.outChannels),
      window: ints(g.kernelHeight, g.padTop, g.padLeft),
      plan: ints(pixelGroups, tiles, tilesPerRow, firstPair),
      after: epilogueUniform(after),
    },
    groups: pixelGroups * Math.ceil(g.inChannels / variant.channels),
    code: () => strideTwoSource(variant),
  });
}

/** What is done to the gradient before it is written. */
export type InputGradientEpilogue = Pick<ConvEpilogue, 'addend' | 'mask' | 'maskSix'>;

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
  const turned = turnWeights(host, w, g.stride);
  const dx = conv2dInputGradientTurned(host, dy, turned, g, {});
  host.disposeData(turned.dataId);
  return dx;
}

/** As `conv2dInputGradient`, with weights that `turnWeights` made once, and an epilogue. */
export function conv2dInputGradientTurned(
  host: KernelHost,
  dy: tf.TensorInfo,
  turned: tf.TensorInfo,
  g: ConvGeometry,
  after: InputGradientEpilogue,
): tf.TensorInfo {
  if (g.stride === 2) return strideTwo(host, dy, turned, g, after);
  const backwards: ConvGeometry = {
    ...g,
    inHeight: g.outHeight,
    inWidth: g.outWidth,
    inChannels: g.outChannels,
    outHeight: g.inHeight,
    outWidth: g.inWidth,
    outChannels: g.inChannels,
    padTop: g.kernelHeight - 1 - g.padTop,
    padLeft: g.kernelWidth - 1 - g.padLeft,
  };
  return conv2d(host, dy, turned, backwards, after);
}
