import type { tf } from '../../tf';
import { componentsFor, ints, runKernel, WORKGROUP, type Components, type KernelHost } from '../host';
import type { PoolGeometry } from './geometry';

const vector = (components: Components, of: 'f32' | 'i32' | 'bool'): string =>
  components === 4 ? `vec4<${of}>` : of;

const variantOf = ({ size, stride, pad }: PoolGeometry, components: Components): string =>
  `${size}-${stride}-${pad}-${components}`;

/** WGSL that leaves the maximum of window `w` of the invocation in `best` and its place in `place`: the first, row by row. */
function search({ size, stride, pad }: PoolGeometry, components: Components): string {
  const from = (start: string): string => (pad > 0 ? `max(0, -${start})` : '0');
  const to = (start: string, side: string): string =>
    pad > 0 ? `min(${size}, ${side} - ${start})` : `${size}`;
  return `
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.image.w) { return; }
  let height = uniforms.image.x;
  let width = uniforms.image.y;
  let depth = uniforms.image.z;
  let c = i % depth;
  let window = i / depth;
  let left = (window % uniforms.windows.y) * ${stride} - ${pad};
  let rest = window / uniforms.windows.y;
  let top = (rest % uniforms.windows.x) * ${stride} - ${pad};
  let corner = ((rest / uniforms.windows.x * height + top) * width + left) * depth + c;
  let firstRow = ${from('top')};
  let firstColumn = ${from('left')};
  var best = x[corner + (firstRow * width + firstColumn) * depth];
  var place = ${vector(components, 'i32')}(firstRow * ${size} + firstColumn);
  for (var row = firstRow; row < ${to('top', 'height')}; row++) {
    for (var column = firstColumn; column < ${to('left', 'width')}; column++) {
      let value = x[corner + (row * width + column) * depth];
      let better = value > best;
      best = select(best, value, better);
      place = select(place, ${vector(components, 'i32')}(row * ${size} + column), better);
    }
  }`;
}

function overWindows(
  host: KernelHost,
  x: tf.TensorInfo,
  g: PoolGeometry,
  result: {
    readonly key: string;
    readonly packed: boolean;
    readonly store: (components: Components) => string;
  },
): tf.TensorInfo {
  const components = componentsFor(g.channels);
  const depth = g.channels / components;
  const windows = g.batch * g.outHeight * g.outWidth * depth;
  return runKernel(host, {
    key: `max-pool-${result.key}-${variantOf(g, components)}`,
    inputs: [{ name: 'x', tensor: x, components }],
    outputComponents: result.packed ? 1 : components,
    output: [g.batch, g.outHeight, g.outWidth, result.packed ? depth : g.channels],
    uniforms: { image: ints(g.height, g.width, depth, windows), windows: ints(g.outHeight, g.outWidth) },
    groups: Math.ceil(windows / WORKGROUP),
    code: () => `
fn main() {
${search(g, components)}
  result[i] = ${result.store(components)};
}`,
  });
}

/** The maxima of every window, [N,Ho,Wo,C]. The caller owns the result. */
export function poolMaxima(host: KernelHost, x: tf.TensorInfo, g: PoolGeometry): tf.TensorInfo {
  return overWindows(host, x, g, { key: 'maxima', packed: false, store: () => 'best' });
}

/**
 * Where in its window each maximum stands, row by row from 0, the first of equals as in PyTorch. Where the channels are a
 * multiple of four, four places share a float as digits of base 64, [N,Ho,Wo,C/4]; else [N,Ho,Wo,C]. The caller owns the result.
 */
export function poolPlaces(host: KernelHost, x: tf.TensorInfo, g: PoolGeometry): tf.TensorInfo {
  const packed = (components: Components): string =>
    components === 4 ? 'dot(vec4<f32>(place), vec4<f32>(1.0, 64.0, 4096.0, 262144.0))' : 'f32(place)';
  return overWindows(host, x, g, { key: 'places', packed: true, store: packed });
}

/** WGSL for the gradient of a block of stride x stride pixels, which the same few windows cover; every term is unrolled. */
function gradientSource(g: PoolGeometry, components: Components): string {
  const { size, stride, pad } = g;
  const upTo = (count: number): readonly number[] => Array.from({ length: count }, (_, k) => k);
  const back = upTo(Math.floor((size - 1) / stride) + 1);
  const pairs = (range: readonly number[]): (readonly [number, number])[] =>
    range.flatMap((a) => range.map((b) => [a, b] as const));
  const read =
    components === 4
      ? 'let word = u32(places[at]); return vec4<i32>((vec4<u32>(word) >> vec4<u32>(0u, 6u, 12u, 18u)) & vec4<u32>(63u));'
      : 'return i32(places[at]);';
  const windows = pairs(back).map(
    ([a, b]) => `
  let in${a}_${b} = row - ${a} >= 0 && row - ${a} < uniforms.windows.x && column - ${b} >= 0 && column - ${b} < uniforms.windows.y;
  let at${a}_${b} = select(0, ((n * uniforms.windows.x + row - ${a}) * uniforms.windows.y + column - ${b}) * depth + c, in${a}_${b});
  let g${a}_${b} = select(zero, dy[at${a}_${b}], in${a}_${b});
  let p${a}_${b} = placesAt(at${a}_${b});`,
  );
  const pixels = pairs(upTo(stride)).map(([r, s]) => {
    const covering = pairs(back).filter(([a, b]) => a * stride + r < size && b * stride + s < size);
    const terms = covering.map(([a, b]) => {
      const place = (a * stride + r) * size + b * stride + s;
      return `select(zero, g${a}_${b}, p${a}_${b} == ${vector(components, 'i32')}(${place}))`;
    });
    return `
  if (y + ${r} >= 0 && y + ${r} < height && x + ${s} >= 0 && x + ${s} < width) {
    result[((n * height + y + ${r}) * width + x + ${s}) * depth + c] = ${terms.join(' + ') || 'zero'};
  }`;
  });
  return `
fn placesAt(at : i32) -> ${vector(components, 'i32')} { ${read} }
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.image.w) { return; }
  let height = uniforms.image.x;
  let width = uniforms.image.y;
  let depth = uniforms.image.z;
  let zero = ${vector(components, 'f32')}(0.0);
  let c = i % depth;
  let block = i / depth;
  let column = block % uniforms.blocks.y + uniforms.blocks.z;
  let row = block / uniforms.blocks.y % uniforms.blocks.x + uniforms.blocks.z;
  let n = block / uniforms.blocks.y / uniforms.blocks.x;
  let y = row * ${stride} - ${pad};
  let x = column * ${stride} - ${pad};
${windows.join('')}
${pixels.join('')}
}`;
}

/**
 * The gradient of a max-pool in x, [N,H,W,C]: every pixel adds up dy [N,Ho,Wo,C] over the windows whose maximum it is, by
 * `places` of `poolPlaces`. Nothing is written twice. The caller owns the result.
 */
export function poolGradient(
  host: KernelHost,
  dy: tf.TensorInfo,
  places: tf.TensorInfo,
  g: PoolGeometry,
): tf.TensorInfo {
  const components = componentsFor(g.channels);
  const depth = g.channels / components;
  const first = Math.floor(g.pad / g.stride);
  const rows = Math.floor((g.pad + g.height - 1) / g.stride) - first + 1;
  const columns = Math.floor((g.pad + g.width - 1) / g.stride) - first + 1;
  const size = g.batch * rows * columns * depth;
  return runKernel(host, {
    key: `max-pool-gradient-${variantOf(g, components)}`,
    inputs: [
      { name: 'dy', tensor: dy, components },
      { name: 'places', tensor: places, components: 1 },
    ],
    outputComponents: components,
    output: [g.batch, g.height, g.width, g.channels],
    uniforms: {
      image: ints(g.height, g.width, depth, size),
      windows: ints(g.outHeight, g.outWidth),
      blocks: ints(rows, columns, first),
    },
    groups: Math.ceil(size / WORKGROUP),
    code: () => gradientSource(g, components),
  });
}
