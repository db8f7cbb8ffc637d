import type { tf } from '../../tf';
import {
  epilogue,
  epilogueInputs,
  epilogueLoaders,
  epilogueUniform,
  type ConvEpilogue,
} from '../conv2d/epilogue';
import type { ConvGeometry } from '../conv2d/geometry';
import { quadLoader, quadStorer, times } from '../conv2d/wgsl';
import { componentsFor, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';

/** Neighbours of an output row that one invocation computes; a pair of columns each for the gradient with stride 2. */
const PIXELS = 4;
const PAIRS = 2;

interface Variant {
  readonly kernelWidth: number;
  readonly stride: number;
  readonly components: Components;
}

/** WGSL in front of both kernels' loops: which tile and which quad of channels this is. Quads lie next to each other in memory. */
function head(v: Variant): string {
  return `
${quadLoader('x', v.components)}
${quadLoader('w', v.components)}
${epilogueLoaders(v.components)}
${quadStorer(v.components)}
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.plan.x) { return; }
  let quad = i % uniforms.plan.y;
  let tile = i / uniforms.plan.y;
  let tileColumn = tile % uniforms.plan.z;
  let outRow = tile / uniforms.plan.z;
  let limit = uniforms.input.z;
  let height = uniforms.input.x;
  let width = uniforms.input.y;
  let image = (outRow / uniforms.output.x) * height;
`;
}

function tail(pixels: number, first: string, ox: string): string {
  return epilogue({
    ...{ pixels, quads: 1, first, end: `min(${pixels}, uniforms.output.y - ${ox})` },
    ...{ row: `outRow * uniforms.output.y + ${ox}`, quad: 'quad', limit: 'limit' },
  });
}

const column = (c: number, position: string): string =>
  `  let o${c} = ${position}; let col${c} = clamp(o${c}, 0, width - 1); let in${c} = o${c} >= 0 && o${c} < width;`;
const load = (c: number): string =>
  `    let x${c} = select(vec4<f32>(0.0), load_x(row + col${c}, quad, limit), inside && in${c});`;

/** PIXELS neighbours of a row in four channels; the input columns of a row are loaded once and reused by every kx. */
function source(v: Variant): string {
  const columns = times((PIXELS - 1) * v.stride + v.kernelWidth);
  return `${head(v)}
  let ox = tileColumn * ${PIXELS};
  let top = (outRow % uniforms.output.x) * ${v.stride} - uniforms.window.y;
  let ix = ox * ${v.stride} - uniforms.window.z;
${columns.map((c) => column(c, `ix + ${c}`)).join('\n')}
${times(PIXELS)
  .map((m) => `  var a${m}_0 = vec4<f32>(0.0);`)
  .join('\n')}
  for (var ky = 0; ky < uniforms.window.x; ky++) {
    let iy = top + ky;
    let inside = iy >= 0 && iy < height;
    let row = (image + clamp(iy, 0, height - 1)) * width;
    // Backwards through the window where this is the gradient of stride 1.
    let tap = select(ky * ${v.kernelWidth}, uniforms.window.x * ${v.kernelWidth} - 1 - ky * ${v.kernelWidth}, uniforms.window.w < 0);
${columns.map(load).join('\n')}
${times(v.kernelWidth)
  .flatMap((kx) => [
    `    let w${kx} = load_w(tap + ${kx} * uniforms.window.w, quad, limit);`,
    ...times(PIXELS).map((m) => `    a${m}_0 += x${m * v.stride + kx} * w${kx};`),
  ])
  .join('\n')}
  }
${tail(PIXELS, '0', 'ox')}
}`;
}

/**
 * The gradient in the input with stride 2, by pairs of input columns as the convolution's (see `conv2dBackpropInput`): even
 * (ix + pad) meets the even kx only. "x" here is dy.
 */
function strideTwoSource(v: Variant): string {
  const reach = (v.kernelWidth - 1) >> 1;
  const columns = times(PAIRS + reach);
  return `${head(v)}
  let q0 = uniforms.plan.w + tileColumn * ${PAIRS};
  let shifted = outRow % uniforms.output.x + uniforms.window.y;
${columns.map((c) => column(c, `q0 + ${c - reach}`)).join('\n')}
${times(PAIRS * 2)
  .map((m) => `  var a${m}_0 = vec4<f32>(0.0);`)
  .join('\n')}
  for (var ky = shifted & 1; ky < uniforms.window.x; ky += 2) {
    let oy = (shifted - ky) >> 1u;
    let inside = oy >= 0 && oy < height;
    let row = (image + clamp(oy, 0, height - 1)) * width;
    let tap = ky * ${v.kernelWidth};
${columns.map(load).join('\n')}
${times(v.kernelWidth)
  .flatMap((kx) => [
    `    let w${kx} = load_w(tap + ${kx}, quad, limit);`,
    ...times(PAIRS).map((p) => `    a${2 * p + (kx & 1)}_0 += x${p + reach - (kx >> 1)} * w${kx};`),
  ])
  .join('\n')}
  }
  let ix = 2 * q0 - uniforms.window.z;
${tail(PAIRS * 2, 'max(0, -ix)', 'ix')}
}`;
}

interface Run {
  readonly key: string;
  readonly code: (v: Variant) => string;
  readonly input: readonly [height: number, width: number];
  readonly output: readonly [height: number, width: number];
  readonly stride: number;
  readonly padTop: number;
  readonly padLeft: number;
  /** 1, or -1 to walk the window backwards. */
  readonly direction: 1 | -1;
  readonly tilesPerRow: number;
  readonly firstPair: number;
}

function dispatch(
  host: KernelHost,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  g: ConvGeometry,
  after: ConvEpilogue,
  run: Run,
): tf.TensorInfo {
  const components = componentsFor(g.inChannels);
  const variant: Variant = { kernelWidth: g.kernelWidth, stride: run.stride, components };
  const quads = Math.ceil(g.inChannels / 4);
  const count = g.batch * run.output[0] * run.tilesPerRow * quads;
  return runKernel(host, {
    key: `${run.key}-${Object.values(variant).join('-')}`,
    inputs: [
      { name: 'x', tensor: x, components },
      { name: 'w', tensor: w, components },
      ...epilogueInputs(after, w, components),
    ],
    outputComponents: components,
    output: [g.batch, ...run.output, g.inChannels],
    uniforms: {
      input: ints(run.input[0], run.input[1], g.inChannels),
      output: ints(run.output[0], run.output[1]),
      window: ints(g.kernelHeight, run.padTop, run.padLeft, run.direction),
      plan: ints(count, quads, run.tilesPerRow, run.firstPair),
      after: epilogueUniform(after),
    },
    groups: Math.ceil(count / WORKGROUP),
    code: () => run.code(variant),
  });
}

/**
 * Depthwise convolution with its epilogue: x [N,H,W,C], w [k,k,C,1], y [N,Ho,Wo,C], f32. Sums run serially over (ky, kx). The caller
 * owns the result.
 */
export function depthwise(
  host: KernelHost,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  g: ConvGeometry,
  after: ConvEpilogue = {},
): tf.TensorInfo {
  return dispatch(host, x, w, g, after, {
    ...{ key: 'depthwise', code: source, stride: g.stride, direction: 1, firstPair: 0 },
    ...{ input: [g.inHeight, g.inWidth], output: [g.outHeight, g.outWidth] },
    ...{ padTop: g.padTop, padLeft: g.padLeft, tilesPerRow: Math.ceil(g.outWidth / PIXELS) },
  });
}

/**
 * Its gradient in the input: dy [N,Ho,Wo,C], w [k,k,C,1] -> dx [N,H,W,C], then the epilogue. With stride 1 it is the convolution of
 * dy with the window walked backwards. The caller owns the result.
 */
export function depthwiseInputGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  w: tf.TensorInfo,
  g: ConvGeometry,
  after: ConvEpilogue = {},
): tf.TensorInfo {
  const sizes = {
    input: [g.outHeight, g.outWidth],
    output: [g.inHeight, g.inWidth],
  } as const;
  if (g.stride === 1) {
    return dispatch(host, dy, w, g, after, {
      ...{ key: 'depthwise', code: source, stride: 1, direction: -1, firstPair: 0, ...sizes },
      ...{ padTop: g.kernelHeight - 1 - g.padTop, padLeft: g.kernelWidth - 1 - g.padLeft },
      tilesPerRow: Math.ceil(g.inWidth / PIXELS),
    });
  }
  const firstPair = g.padLeft >> 1;
  const lastPair = (g.inWidth - 1 + g.padLeft) >> 1;
  return dispatch(host, dy, w, g, after, {
    ...{
      key: 'depthwise-input-gradient',
      code: strideTwoSource,
      stride: 2,
      direction: 1,
      firstPair,
      ...sizes,
    },
    ...{ padTop: g.padTop, padLeft: g.padLeft, tilesPerRow: Math.ceil((lastPair - firstPair + 1) / PAIRS) },
  });
}
