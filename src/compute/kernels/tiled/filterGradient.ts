import type { tf } from '../../tf';
import { columnSum } from '../columnReduce/kernel';
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
import { DEPTH, invocations, TILES, type TileName } from './tile';
import type { TiledPlan } from './convolve';

interface Variant {
  readonly tile: TileName;
  readonly unrolled: boolean;
  readonly inputs: Components;
  readonly outputs: Components;
}

/** Partial sums may take this much memory. */
const MAX_PARTIAL_BYTES = 64 * 2 ** 20;

/** Invocations that keep a large GPU busy: the sum over pixels is cut until there are so many. */
const WANTED_INVOCATIONS = 65_536;

/** No chunk is shorter than this many rounds: below, its start and end cost more than its sums. */
const LEAST_ROUNDS = 4;

/** Four neighbours along the rows (ky, kx, ci) of dW, at output pixel (image, y, x). */
function inputLoader(v: Variant): string {
  const place = `
  let y = pixel.y * uniforms.window.x + tap.y - uniforms.window.z;
  let x = pixel.z * uniforms.window.x + tap.x - uniforms.window.w;
  let inside = here && y >= 0 && y < uniforms.image.x && x >= 0 && x < uniforms.image.y;
  let at = ((pixel.x * uniforms.image.x + y) * uniforms.image.y + x) * uniforms.image.z + channel;`;
  if (v.inputs === 4)
    return `
fn load_input(pixel : vec3<i32>, row : i32, tap : vec2<i32>, channel : i32, within : bool) -> vec4<f32> {
  let here = within && row < uniforms.shape.x;
${place}
  return select(vec4<f32>(0.0), x_in[select(0, at >> 2u, inside)], inside);
}`;
  return `
fn load_one(pixel : vec3<i32>, row : i32, within : bool) -> f32 {
  let flat = row / uniforms.image.z;
  let channel = row - flat * uniforms.image.z;
  let tap = vec2<i32>(flat % uniforms.window.y, flat / uniforms.window.y);
  let here = within && row < uniforms.shape.x;
${place}
  return select(0.0, x_in[select(0, at, inside)], inside);
}
fn load_input(pixel : vec3<i32>, row : i32, tap : vec2<i32>, channel : i32, within : bool) -> vec4<f32> {
  return vec4<f32>(load_one(pixel, row, within), load_one(pixel, row + 1, within), load_one(pixel, row + 2, within), load_one(pixel, row + 3, within));
}`;
}

/** dW as a matrix product x^T dy over the pixels: rows (ky, kx, ci), columns co, one chunk of the pixels a workgroup. */
function source(v: Variant): string {
  const tile = TILES[v.tile];
  const threads = invocations(tile);
  const layout: ProductLayout = { tile, staging: 'f32', left: 'by-depth', unrolled: v.unrolled };
  const { rowQuads, across, down } = lanes(tile);
  const leftQuads = tile.rows / 4;
  const inputs = times(loadsEach(tile, tile.rows));
  const gradients = times(loadsEach(tile, tile.columns));
  const inputsApart = threads / leftQuads;
  const gradientsApart = threads / rowQuads;
  const fetch = `
${inputs.map((j) => `    x${j} = load_input(pixel${j}, first, tap, channel, at + deep + ${j * inputsApart} < uniforms.shape.z);`).join('\n')}
${gradients.map((j) => `    y${j} = load_gradient(at + depth + ${j * gradientsApart}, quad + column);`).join('\n')}`;
  const position = (j: number): string => `
  let start${j} = at + deep + ${j * inputsApart};
  let line${j} = start${j} / uniforms.gradient.y;
  var pixel${j} = vec3<i32>(line${j} / uniforms.gradient.x, line${j} % uniforms.gradient.x, start${j} - line${j} * uniforms.gradient.y);`;
  const advance = (j: number): string => `
    pixel${j} += step;
    if (pixel${j}.z >= uniforms.gradient.y) { pixel${j}.z -= uniforms.gradient.y; pixel${j}.y += 1; }
    if (pixel${j}.y >= uniforms.gradient.x) { pixel${j}.y -= uniforms.gradient.x; pixel${j}.x += 1; }`;
  return `
${stagingDeclarations(layout)}
${quadLoader('dy', v.outputs)}
${quadStorer(v.outputs)}
${inputLoader(v)}
fn load_gradient(pixel : i32, quad : i32) -> vec4<f32> {
  if (pixel >= uniforms.shape.z) { return vec4<f32>(0.0); }
  return load_dy(pixel, quad, uniforms.gradient.z);
}
fn write(row : i32, chunk : i32, quad : i32, value : vec4<f32>) {
  if (row >= uniforms.shape.x || quad * 4 >= uniforms.gradient.z) { return; }
  store(chunk * uniforms.shape.x + row, quad, uniforms.gradient.z, value);
}
fn main() {
  let group = groupIndex();
  let thread = i32(localIndex);
  let quad = (group % uniforms.plan.x) * ${rowQuads};
  let row = (group / uniforms.plan.x % uniforms.plan.y) * ${tile.rows};
  let chunk = group / (uniforms.plan.x * uniforms.plan.y);
  let across = thread % ${across};
  let down = thread / ${across};
  let column = thread % ${rowQuads};
  let depth = thread / ${rowQuads};
  let first = row + thread % ${leftQuads} * 4;
  let deep = thread / ${leftQuads};
  let flat = first / uniforms.image.z;
  let channel = first - flat * uniforms.image.z;
  let tap = vec2<i32>(flat % uniforms.window.y, flat / uniforms.window.y);
  var at = chunk * uniforms.plan.z * ${DEPTH};
  let lines = ${DEPTH} / uniforms.gradient.y;
  let step = vec3<i32>(lines / uniforms.gradient.x, lines % uniforms.gradient.x, ${DEPTH} - lines * uniforms.gradient.y);
${inputs.map(position).join('')}
${inputs.map((j) => `  var x${j} = vec4<f32>(0.0);`).join('\n')}
${gradients.map((j) => `  var y${j} = vec4<f32>(0.0);`).join('\n')}
${eachSum(tile, (r, q) => `  var ${sumName(r, q)} = vec4<f32>(0.0);`)}
  var round = 0;
  loop {
    // While one round is multiplied, the next one's loads are under way.
${fetch}
    if (round > 0) {
${multiplyRound(layout)}
    }
    if (round >= uniforms.plan.z) { break; }
    workgroupBarrier();
${inputs.map((j) => `    left[thread + ${j * threads}] = Left(x${j});`).join('\n')}
${gradients.map((j) => `    right[thread + ${j * threads}] = Right(y${j});`).join('\n')}
    workgroupBarrier();
    round += 1;
    at += ${DEPTH};
${inputs.map(advance).join('')}
  }
${writeSums(tile, `write(row + (down + (r / 4) * ${down}) * 4 + r % 4, chunk, quad + across + q * ${across}, sums[i]);`)}
}`;
}

/** How the sum over the pixels is cut. */
function chunking(g: ConvGeometry, size: number, tiles: number, threads: number) {
  const rounds = Math.ceil((g.batch * g.outHeight * g.outWidth) / DEPTH);
  const wanted = Math.min(
    Math.ceil(WANTED_INVOCATIONS / (tiles * threads)),
    Math.floor(MAX_PARTIAL_BYTES / 4 / size),
    Math.ceil(rounds / LEAST_ROUNDS),
  );
  const each = Math.ceil(rounds / Math.max(1, wanted));
  return { each, chunks: Math.ceil(rounds / each) };
}

/**
 * Gradient of a convolution in its weights, through workgroup memory: x [N,H,W,Ci], dy [N,Ho,Wo,Co] -> dW [kh,kw,Ci,Co], f32. The
 * pixels are cut into chunks, each summed serially into partial sums (at most 64 MiB), which a column sum adds. Any window
 * and stride. The caller owns the result.
 */
export function tiledFilterGradient(
  host: KernelHost,
  x: tf.TensorInfo,
  dy: tf.TensorInfo,
  g: ConvGeometry,
  { tile: name, unrolled }: Pick<TiledPlan, 'tile' | 'unrolled'>,
  sum: typeof columnSum = columnSum,
): tf.TensorInfo {
  const tile = TILES[name];
  const variant: Variant = {
    tile: name,
    unrolled,
    inputs: componentsFor(g.inChannels),
    outputs: componentsFor(g.outChannels),
  };
  const shape = [g.kernelHeight, g.kernelWidth, g.inChannels, g.outChannels];
  const rows = g.kernelHeight * g.kernelWidth * g.inChannels;
  const size = rows * g.outChannels;
  const columnTiles = Math.ceil(g.outChannels / tile.columns);
  const rowTiles = Math.ceil(rows / tile.rows);
  const { each, chunks } = chunking(g, size, columnTiles * rowTiles, invocations(tile));
  const partial = runKernel(host, {
    key: `tiled-filter-gradient-${Object.values(variant).join('-')}`,
    inputs: [
      { name: 'x_in', tensor: x, components: variant.inputs },
      { name: 'dy', tensor: dy, components: variant.outputs },
    ],
    outputComponents: variant.outputs,
    output: chunks === 1 ? shape : [chunks, size],
    uniforms: {
      image: ints(g.inHeight, g.inWidth, g.inChannels),
      gradient: ints(g.outHeight, g.outWidth, g.outChannels),
      window: ints(g.stride, g.kernelWidth, g.padTop, g.padLeft),
      shape: ints(rows, 0, g.batch * g.outHeight * g.outWidth),
      plan: ints(columnTiles, rowTiles, each, DEPTH),
    },
    groups: columnTiles * rowTiles * chunks,
    workgroup: invocations(tile),
    code: () => source(variant),
  });
  if (chunks === 1) return partial;
  const total = sum(host, partial, chunks, size);
  host.disposeData(partial.dataId);
  return { dataId: total.dataId, dtype: total.dtype, shape };
}
