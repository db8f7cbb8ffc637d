import type { tf } from '../../tf';
import { componentsFor, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';
import { epilogue, epilogueInputs, epilogueLoaders, epilogueUniform, type ConvEpilogue } from './epilogue';
import type { ConvGeometry } from './geometry';
import { convTile, MAX_UNROLLED, type ConvTile } from './tile';
import { quadLoader, quadStorer, times } from './wgsl';

interface Variant extends ConvTile {
  /** Unrolled taps of a row; 0 where the taps are looped over, whatever their number and the stride. */
  readonly kernelWidth: number;
  readonly stride: number;
  readonly outputs: Components;
}

/** WGSL that adds one row of the window, all taps unrolled: the columns of the row are loaded once and reused by every kx. */
function unrolledRow(v: Variant, each: (line: (m: number, q: number) => string) => string): string {
  const columns = times((v.pixels - 1) * v.stride + v.kernelWidth);
  const taps = times(v.kernelWidth);
  return `
    for (var c = 0; c < ci; c++) {
${columns.map((c) => `      let x${c} = select(0.0, x[row + col${c} + c], inside && in${c});`).join('\n')}
${taps
  .flatMap((kx) => [
    ...times(v.channels / 4).map(
      (q) => `      let w${kx}_${q} = load_w(tap + ${kx} * ci + c, quad + ${q}, co);`,
    ),
    each((m, q) => `      a${m}_${q} += x${m * v.stride + kx} * w${kx}_${q};`),
  ])
  .join('\n')}
    }`;
}

/** As `unrolledRow`, tap after tap. */
function loopedRow(v: Variant, each: (line: (m: number, q: number) => string) => string): string {
  const pixels = times(v.pixels);
  return `
    for (var kx = 0; kx < uniforms.walk.y; kx++) {
${pixels.map((m) => `      let at${m} = ix + ${m} * stride + kx; let in${m} = inside && at${m} >= 0 && at${m} < width; let col${m} = row + clamp(at${m}, 0, width - 1) * ci;`).join('\n')}
      let weights = tap + kx * ci;
      for (var c = 0; c < ci; c++) {
${pixels.map((m) => `        let x${m} = select(0.0, x[col${m} + c], in${m});`).join('\n')}
${times(v.channels / 4)
  .map((q) => `        let w${q} = load_w(weights + c, quad + ${q}, co);`)
  .join('\n')}
${each((m, q) => `        a${m}_${q} += x${m} * w${q};`)}
      }
    }`;
}

/**
 * One invocation: `pixels` neighbours of one output row times `channels` channels, all in registers. Scalar input loads
 * measured faster than vec4 ones on lavapipe (13 against 8 GFLOP/s at 64 channels) and compile in a third of the time, since
 * the body is a quarter as long; they also take any channel count. Borders are clamped loads and a select: branches cost more.
 */
function source(v: Variant): string {
  const looped = v.kernelWidth === 0;
  const columns = looped ? [] : times((v.pixels - 1) * v.stride + v.kernelWidth);
  const each = (line: (m: number, q: number) => string): string =>
    times(v.pixels)
      .flatMap((m) => times(v.channels / 4).map((q) => line(m, q)))
      .join('\n');
  return `
${quadLoader('w', v.outputs)}
${epilogueLoaders(v.outputs)}
${quadStorer(v.outputs)}
fn main() {
  let group = groupIndex();
  let tile = (group % uniforms.plan.x) * ${WORKGROUP} + i32(localIndex);
  let quad = (group / uniforms.plan.x) * ${v.channels / 4};
  let t = min(tile, uniforms.plan.y - 1);
  let height = uniforms.image.x;
  let width = uniforms.image.y;
  let ci = uniforms.image.z;
  let co = uniforms.output.z;
  let stride = ${looped ? 'uniforms.walk.x' : v.stride};
  let ox = (t % uniforms.plan.z) * ${v.pixels};
  let outRow = t / uniforms.plan.z;
  let top = (outRow % uniforms.output.x) * stride - uniforms.window.y;
  let image = (outRow / uniforms.output.x) * height;
  let ix = ox * stride - uniforms.window.z;
${columns.map((c) => `  let col${c} = clamp(ix + ${c}, 0, width - 1) * ci; let in${c} = ix + ${c} >= 0 && ix + ${c} < width;`).join('\n')}
${each((m, q) => `  var a${m}_${q} = vec4<f32>(0.0);`)}
  for (var ky = 0; ky < uniforms.window.x; ky++) {
    let iy = top + ky;
    let inside = iy >= 0 && iy < height;
    let row = (image + clamp(iy, 0, height - 1)) * width * ci;
    let tap = ky * uniforms.walk.y * ci;
${looped ? loopedRow(v, each) : unrolledRow(v, each)}
  }
${epilogue({
  pixels: v.pixels,
  quads: v.channels / 4,
  first: '0',
  end: `select(0, min(${v.pixels}, uniforms.output.y - ox), tile < uniforms.plan.y)`,
  row: 'outRow * uniforms.output.y + ox',
  quad: 'quad',
  limit: 'co',
})}
}`;
}

/** A 1x1, stride 1 convolution has no rows: seen as one long row, its tiles are always full. */
function flatten(g: ConvGeometry): ConvGeometry {
  if (g.kernelWidth !== 1 || g.stride !== 1 || g.padTop !== 0 || g.padLeft !== 0) return g;
  if (g.outHeight !== g.inHeight || g.outWidth !== g.inWidth) return g;
  const width = g.batch * g.inHeight * g.inWidth;
  return { ...g, batch: 1, inHeight: 1, outHeight: 1, inWidth: width, outWidth: width };
}

/**
 * y = conv(x, w) with its epilogue: x [N,H,W,Ci], w [kh,kw,Ci,Co], y [N,Ho,Wo,Co], all float32. Sums run serially over
 * (ky, ci, kx) in f32, or (ky, kx, ci) for windows wider than 3. The caller owns the result.
 */
export function conv2d(
  host: KernelHost,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  geometry: ConvGeometry,
  after: ConvEpilogue = {},
): tf.TensorInfo {
  const g = flatten(geometry);
  const variant: Variant = {
    ...convTile(g),
    ...(g.kernelWidth > MAX_UNROLLED
      ? { kernelWidth: 0, stride: 0 }
      : { kernelWidth: g.kernelWidth, stride: g.stride }),
    outputs: componentsFor(g.outChannels),
  };
  const tilesPerRow = Math.ceil(g.outWidth / variant.pixels);
  const tiles = g.batch * g.outHeight * tilesPerRow;
  const pixelGroups = Math.ceil(tiles / WORKGROUP);
  return runKernel(host, {
    key: `conv2d-${Object.values(variant).join('-')}`,
    inputs: [
      { name: 'x', tensor: x, components: 1 },
      { name: 'w', tensor: w, components: variant.outputs },
      ...epilogueInputs(after, w, variant.outputs),
    ],
    outputComponents: variant.outputs,
    output: [geometry.batch, geometry.outHeight, geometry.outWidth, geometry.outChannels],
    uniforms: {
      image: ints(g.inHeight, g.inWidth, g.inChannels),
      output: ints(g.outHeight, g.outWidth, g.outChannels),
      window: ints(g.kernelHeight, g.padTop, g.padLeft),
      plan: ints(pixelGroups, tiles, tilesPerRow),
      walk: ints(g.stride, g.kernelWidth),
      after: epilogueUniform(after),
    },
    groups: pixelGroups * Math.ceil(g.outChannels / variant.channels),
    code: () => source(variant),
  });
}
