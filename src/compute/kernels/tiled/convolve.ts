import type { tf } from '../../tf';
import {
  epilogueInputs,
  epilogueLoaders,
  epilogueUniform,
  finish,
  type ConvEpilogue,
} from '../conv2d/epilogue';
import type { ConvGeometry } from '../conv2d/geometry';
import { quadLoader, quadStorer, times } from '../conv2d/wgsl';
import { componentsFor, ints, runKernel, type Components, type KernelHost } from '../host';
import {
  eachSum,
  lanes,
  loadsEach,
  multiplyRound,
  stagingDeclarations,
  sumName,
  writeSums,
  type ProductLayout,
} from './product';
import { DEPTH, invocations, TILES, type Staging, type TileName } from './tile';

/** How a convolution is computed here. */
export interface TiledPlan {
  readonly tile: TileName;
  readonly staging: Staging;
  readonly unrolled: boolean;
}

interface Variant extends TiledPlan {
  /** Forward, or the gradient in the input of a strided one. */
  readonly direction: 'forward' | 'strided-gradient';
  readonly inputs: Components;
  readonly outputs: Components;
}

/**
 * Four neighbours along the sum's index k = (ky, kx, channel) of one pixel's row of the implicit matrix. `walk` is (k, channel,
 * kx, ky) of the first; `pixel` is (image, y, x) of tap 0 with w = 1 where there is such a pixel.
 */
function inputLoader(v: Variant): string {
  const step = v.direction === 'forward' ? '+' : '-';
  const place = `
  let y = pixel.y ${step} tap.y;
  let x = pixel.z ${step} tap.x;
  let inside = pixel.w > 0 && k < taps.z && y >= 0 && y < uniforms.image.x && x >= 0 && x < uniforms.image.y;
  let at = ((pixel.x * uniforms.image.x + y) * uniforms.image.y + x) * uniforms.image.z + channel;`;
  if (v.inputs === 4)
    return `
fn load_input(pixel : vec4<i32>, walk : vec4<i32>, taps : vec4<i32>) -> vec4<f32> {
  let k = walk.x;
  let channel = walk.y;
  let tap = walk.zw;
${place}
  return select(vec4<f32>(0.0), x_in[select(0, at >> 2u, inside)], inside);
}`;
  return `
fn load_one(pixel : vec4<i32>, k : i32, taps : vec4<i32>) -> f32 {
  let flat = k / uniforms.image.z;
  let channel = k - flat * uniforms.image.z;
  let tap = vec2<i32>(flat % taps.y, flat / taps.y);
${place}
  return select(0.0, x_in[select(0, at, inside)], inside);
}
fn load_input(pixel : vec4<i32>, walk : vec4<i32>, taps : vec4<i32>) -> vec4<f32> {
  let k = walk.x;
  return vec4<f32>(load_one(pixel, k, taps), load_one(pixel, k + 1, taps), load_one(pixel, k + 2, taps), load_one(pixel, k + 3, taps));
}`;
}

/** The row of the weights [kh,kw,c,columns] that meets index k of the sum. Strided: only every stride-th tap has a part in it. */
function weightLoader(v: Variant): string {
  const row =
    v.direction === 'forward'
      ? 'let row = k;'
      : `let flat = k / uniforms.image.z;
  let ky = first.y + (flat / taps.y) * uniforms.plan.z;
  let kx = first.x + (flat % taps.y) * uniforms.plan.z;
  let row = (ky * uniforms.window.y + kx) * uniforms.image.z + k % uniforms.image.z;`;
  return `
fn load_weight(k : i32, quad : i32, taps : vec4<i32>, first : vec2<i32>) -> vec4<f32> {
  if (k >= taps.z) { return vec4<f32>(0.0); }
  ${row}
  return load_w(row, quad, uniforms.output.z);
}`;
}

/**
 * WGSL that says what this workgroup sums. `taps` = (rows, columns of the window, length of the sum, -); output pixels are
 * those of one residue class modulo the stride in a strided gradient, since only within one do all meet the same taps.
 */
function extent(v: Variant): string {
  if (v.direction === 'forward')
    return `
  let phase = vec2<i32>(0);
  let grid = uniforms.output.xy;
  let taps = vec4<i32>(uniforms.window.xy, uniforms.window.x * uniforms.window.y * uniforms.image.z, 0);
  let first = vec2<i32>(0);
  let base = -uniforms.window.zw;
  let scale = uniforms.plan.z;
  let length = taps.z;`;
  return `
  let stride = uniforms.plan.z;
  let class_ = group / (uniforms.plan.x * uniforms.plan.y);
  let phase = vec2<i32>(class_ / stride, class_ % stride);
  let grid = (uniforms.output.xy - phase + stride - 1) / stride;
  let shifted = phase + uniforms.window.zw;
  let start = shifted % stride;
  let window = (uniforms.window.xy - start + stride - 1) / stride;
  let taps = vec4<i32>(window, window.x * window.y * uniforms.image.z, 0);
  let first = start.yx;
  let base = (shifted - start) / stride;
  let scale = 1;
  if (localIndex == 0u) { shared_length = taps.z; }
  let length = workgroupUniformLoad(&shared_length);`;
}

function source(v: Variant): string {
  const tile = TILES[v.tile];
  const threads = invocations(tile);
  const layout: ProductLayout = { tile, staging: v.staging, left: 'by-row', unrolled: v.unrolled };
  const { rowQuads, across, down } = lanes(tile);
  const quadsDeep = DEPTH / 4;
  const inputs = times(loadsEach(tile, tile.rows));
  const weights = times(loadsEach(tile, tile.columns));
  const rowsApart = threads / quadsDeep;
  const depthApart = threads / rowQuads;
  const fetch = `
${inputs.map((j) => `    x${j} = load_input(pixel${j}, walk, taps);`).join('\n')}
${weights.map((j) => `    w${j} = load_weight(round + depth + ${j * depthApart}, quad + column, taps, first);`).join('\n')}`;
  return `
${stagingDeclarations(layout)}
${v.direction === 'forward' ? '' : 'var<workgroup> shared_length : i32;'}
${quadLoader('w', v.outputs)}
${epilogueLoaders(v.outputs)}
${quadStorer(v.outputs)}
${inputLoader(v)}
${weightLoader(v)}
fn write(row : i32, quad : i32, grid : vec2<i32>, phase : vec2<i32>, value : vec4<f32>) {
  let pixels = grid.x * grid.y;
  if (row >= pixels * uniforms.output.w || quad * 4 >= uniforms.output.z) { return; }
  ${
    v.direction === 'forward'
      ? 'let at = row;'
      : `let image = row / pixels;
  let rest = row - image * pixels;
  let y = phase.x + (rest / grid.y) * uniforms.plan.z;
  let at = (image * uniforms.output.x + y) * uniforms.output.y + phase.y + (rest % grid.y) * uniforms.plan.z;`
  }
  var sum = value;
  ${finish('at', 'quad', 'uniforms.output.z')}
  store(at, quad, uniforms.output.z, sum);
}
fn pixel_of(row : i32, grid : vec2<i32>, base : vec2<i32>, scale : i32) -> vec4<i32> {
  let pixels = grid.x * grid.y;
  let image = row / pixels;
  let rest = row - image * pixels;
  let y = rest / grid.y;
  return vec4<i32>(image, y * scale + base.x, (rest - y * grid.y) * scale + base.y, select(0, 1, image < uniforms.output.w));
}
fn main() {
  let group = groupIndex();
  let thread = i32(localIndex);
  let quad = (group % uniforms.plan.x) * ${rowQuads};
  let row = (group / uniforms.plan.x % uniforms.plan.y) * ${tile.rows};
${extent(v)}
  let across = thread % ${across};
  let down = thread / ${across};
  let column = thread % ${rowQuads};
  let depth = thread / ${rowQuads};
${inputs.map((j) => `  let pixel${j} = pixel_of(row + thread / ${quadsDeep} + ${j * rowsApart}, grid, base, scale);`).join('\n')}
  // Where this invocation is in (ky, kx, channel), and how far a round moves it: no division in the loop.
  let channels = uniforms.image.z;
  let tap = (thread % ${quadsDeep}) * 4 / channels;
  var walk = vec4<i32>((thread % ${quadsDeep}) * 4, (thread % ${quadsDeep}) * 4 - tap * channels, tap % max(taps.y, 1), tap / max(taps.y, 1));
  let stepTaps = ${DEPTH} / channels;
  let step = vec4<i32>(${DEPTH}, ${DEPTH} - stepTaps * channels, stepTaps % max(taps.y, 1), stepTaps / max(taps.y, 1));
${inputs.map((j) => `  var x${j} = vec4<f32>(0.0);`).join('\n')}
${weights.map((j) => `  var w${j} = vec4<f32>(0.0);`).join('\n')}
${eachSum(tile, (r, q) => `  var ${sumName(r, q)} = vec4<f32>(0.0);`)}
  var round = 0;
  loop {
    // While one round is multiplied, the next one's loads are under way; past the end they are zeros.
${fetch}
    if (round > 0) {
${multiplyRound(layout)}
    }
    if (round >= length) { break; }
    workgroupBarrier();
${inputs.map((j) => `    left[thread + ${j * threads}] = Left(x${j});`).join('\n')}
${weights.map((j) => `    right[thread + ${j * threads}] = Right(w${j});`).join('\n')}
    workgroupBarrier();
    round += ${DEPTH};
    walk += step;
    if (walk.y >= channels) { walk.y -= channels; walk.z += 1; }
    if (walk.z >= taps.y) { walk.z -= taps.y; walk.w += 1; }
  }
${writeSums(tile, `write(row + down + r * ${down}, quad + across + q * ${across}, grid, phase, sums[i]);`)}
}`;
}

/** What one launch computes: a convolution's output, or a strided one's input gradient. */
interface Launch {
  readonly direction: Variant['direction'];
  /** [height, width, channels] of what is read. */
  readonly read: readonly [number, number, number];
  /** [batch, height, width, channels] of what is written. */
  readonly written: readonly [number, number, number, number];
  readonly geometry: ConvGeometry;
}

function launch(
  host: KernelHost,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  { direction, read, written, geometry: g }: Launch,
  after: ConvEpilogue,
  plan: TiledPlan,
): tf.TensorInfo {
  const tile = TILES[plan.tile];
  const [batch, height, width, channels] = written;
  const variant: Variant = {
    tile: plan.tile,
    staging: plan.staging,
    unrolled: plan.unrolled,
    direction,
    inputs: componentsFor(read[2]),
    outputs: componentsFor(channels),
  };
  const classes = direction === 'forward' ? 1 : g.stride;
  const largest = batch * Math.ceil(height / classes) * Math.ceil(width / classes);
  const columnTiles = Math.ceil(channels / tile.columns);
  const rowTiles = Math.ceil(largest / tile.rows);
  return runKernel(host, {
    key: `tiled-convolve-${Object.values(variant).join('-')}`,
    inputs: [
      { name: 'x_in', tensor: x, components: variant.inputs },
      { name: 'w', tensor: w, components: variant.outputs },
      ...epilogueInputs(after, w, variant.outputs),
    ],
    outputComponents: variant.outputs,
    output: written,
    uniforms: {
      image: ints(read[0], read[1], read[2]),
      output: ints(height, width, channels, batch),
      window: ints(g.kernelHeight, g.kernelWidth, g.padTop, g.padLeft),
      plan: ints(columnTiles, rowTiles, g.stride, DEPTH / 4),
      after: epilogueUniform(after),
    },
    groups: columnTiles * rowTiles * classes ** 2,
    workgroup: invocations(tile),
    code: () => source(variant),
  });
}

/**
 * y = conv(x, w) with its epilogue, as an implicit matrix product through workgroup memory: x [N,H,W,Ci], w [kh,kw,Ci,Co], y
 * [N,Ho,Wo,Co], all float32; sums run serially over (ky, kx, ci) in f32. Any window and stride. The caller owns the result.
 */
export function tiledConv2d(
  host: KernelHost,
  x: tf.TensorInfo,
  w: tf.TensorInfo,
  geometry: ConvGeometry,
  after: ConvEpilogue,
  plan: TiledPlan,
): tf.TensorInfo {
  const g = geometry;
  return launch(
    host,
    x,
    w,
    {
      direction: 'forward',
      read: [g.inHeight, g.inWidth, g.inChannels],
      written: [g.batch, g.outHeight, g.outWidth, g.outChannels],
      geometry,
    },
    after,
    plan,
  );
}

/**
 * Gradient of a convolution in its input, from dy [N,Ho,Wo,Co] and weights that `turnWeights` turned for this stride: dx
 * [N,H,W,Ci] with its epilogue. With stride 1 a convolution with the complementary padding; with others one product for each
 * residue class of the input's pixels, so that no product with a zero between dy's pixels is formed. The caller owns it.
 */
export function tiledInputGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  turned: tf.TensorInfo,
  geometry: ConvGeometry,
  after: ConvEpilogue,
  plan: TiledPlan,
): tf.TensorInfo {
  const g = geometry;
  const shapes = {
    read: [g.outHeight, g.outWidth, g.outChannels],
    written: [g.batch, g.inHeight, g.inWidth, g.inChannels],
  } as const;
  if (g.stride > 1)
    return launch(host, dy, turned, { direction: 'strided-gradient', ...shapes, geometry }, after, plan);
  const complementary = {
    ...g,
    padTop: g.kernelHeight - 1 - g.padTop,
    padLeft: g.kernelWidth - 1 - g.padLeft,
  };
  return launch(host, dy, turned, { direction: 'forward', ...shapes, geometry: complementary }, after, plan);
}
