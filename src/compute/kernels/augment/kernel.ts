import { FLIP_PROBABILITY, GREY_PROBABILITY, LUMA, type Augmentation } from '../../../data/augment';
import { centralCrop } from '../../../data/cropParameters';
import { PURPOSE } from '../../../data/random';
import type { tf } from '../../tf';
import { ints, runKernel, WORKGROUP, type KernelHost } from '../host';
import { MULTIPLY_HIGH_WGSL, RANDOM_WGSL } from '../random/wgsl';
import { CROP_WGSL } from './cropWgsl';

/** What a batch is and how it is augmented; the same for every step of a run. */
export interface AugmentAttrs {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  readonly augmentation: Augmentation;
  /** The run's; whole. */
  readonly seed: number;
}

/** Words below this have `word / 2^32 < probability`. */
const threshold = (probability: number): string => `${Math.ceil(probability * 2 ** 32)}u`;

/**
 * What happens to each image, drawn from its own stream in the order of `augmentBatch`: [count, 8] of top, left, height,
 * width, mirrored, grey, 0, 0, as floats, because small integers in a float's bits are denormal and may be flushed to zero.
 */
export function drawAugmentation(host: KernelHost, ids: tf.TensorInfo, attrs: AugmentAttrs): tf.TensorInfo {
  const { count, height, width, augmentation, seed } = attrs;
  const official = augmentation === 'official';
  const fallback = centralCrop(height, width);
  return runKernel(host, {
    key: `draw-augmentation-${augmentation}`,
    inputs: [{ name: 'ids', tensor: ids, components: 1 }],
    outputComponents: 4,
    output: [count, 8],
    uniforms: {
      shape: ints(count, height, width, seed | 0),
      fallback: ints(fallback.top, fallback.left, fallback.height, fallback.width),
    },
    groups: Math.ceil(count / WORKGROUP),
    code: () => `
${MULTIPLY_HIGH_WGSL}${RANDOM_WGSL}${official ? CROP_WGSL : ''}
fn main() {
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= uniforms.shape.x) { return; }
  let id = vec2<u32>(bitcast<u32>(ids[2 * i]), bitcast<u32>(ids[2 * i + 1]));
  var stream = randomStream(bitcast<u32>(uniforms.shape.w), ${PURPOSE.augment}u, id.x, id.y);
  var window = vec4<u32>(uniforms.fallback);
  ${official ? 'window = drawCrop(&stream, u32(uniforms.shape.y), u32(uniforms.shape.z), window);' : ''}
  let mirrored = nextWord(&stream) < ${threshold(FLIP_PROBABILITY)};
  let grey = ${official ? `nextWord(&stream) < ${threshold(GREY_PROBABILITY)}` : 'false'};
  result[2 * i] = vec4<f32>(window);
  result[2 * i + 1] = vec4<f32>(f32(mirrored), f32(grey), 0.0, 0.0);
}`,
  });
}

/**
 * `unit(b)`: b / 255 rounded to the nearest float, as the CPU has it; WGSL's own division may be off in the last bits. The
 * quotient of b shifted to the top of a word is a whole significand of 24 bits, so rounding it is rounding the float.
 */
const UNIT_WGSL = `
fn unit(byte : u32) -> f32 {
  if (byte == 0u) { return 0.0; }
  let shift = countLeadingZeros(byte);
  let value = byte << shift;
  let quotient = value / 255u;
  let nearest = quotient + select(0u, 1u, 2u * (value - 255u * quotient) > 255u);
  return f32(nearest) * bitcast<f32>((127u - shift) << 23u);
}
`;

/** `texel(p)`: the three bytes of pixel p of the batch; they may lie across two words. */
const TEXEL_WGSL = `
fn texel(pixel : i32) -> vec3<u32> {
  let at = 3 * pixel;
  let shift = 8u * u32(at & 3);
  var bits = bitcast<u32>(bytes[at >> 2u]) >> shift;
  if (shift > 8u) { bits |= bitcast<u32>(bytes[(at >> 2u) + 1]) << (32u - shift); }
  return vec3<u32>(bits & 255u, (bits >> 8u) & 255u, (bits >> 16u) & 255u);
}
`;

/** Bodies that put pixel (image, y, x) of the result into `value`; `sizes` holds count, height, width. */
const PLAIN = `
  let found = texel((image * sizes.y + y) * sizes.z + x);
  let value = vec3<f32>(unit(found.x), unit(found.y), unit(found.z));`;

const MIRROR = `
  if (drawn[2 * image + 1].x > 0.5) { x = sizes.z - 1 - x; }`;

/** PyTorch's bilinear sampling without aligned corners; positions are exact fractions of whole numbers. */
const RESAMPLE = `
  let window = vec4<i32>(drawn[2 * image]);
  let position = max(vec2<i32>(0), (2 * vec2<i32>(y, x) + 1) * window.zw - sizes.yz);
  let whole = 2 * sizes.yz;
  let near = position / whole;
  let far = min(near + 1, window.zw - 1);
  let weight = vec2<f32>(position - near * whole) / vec2<f32>(whole);
  let rows = (image * sizes.y + window.x + vec2<i32>(near.x, far.x)) * sizes.z + window.y;
  let upper = (1.0 - weight.y) * vec3<f32>(texel(rows.x + near.y)) + weight.y * vec3<f32>(texel(rows.x + far.y));
  let lower = (1.0 - weight.y) * vec3<f32>(texel(rows.y + near.y)) + weight.y * vec3<f32>(texel(rows.y + far.y));
  var value = ((1.0 - weight.x) * upper + weight.x * lower) / 255.0;
  if (drawn[2 * image + 1].y > 0.5) { value = vec3<f32>(dot(value, vec3<f32>(${LUMA.join(', ')}))); }`;

const BODIES: Readonly<Record<Augmentation, string>> = {
  none: PLAIN,
  flip: MIRROR + PLAIN,
  official: MIRROR + RESAMPLE,
};

function augmentPixels(
  host: KernelHost,
  bytes: tf.TensorInfo,
  drawn: tf.TensorInfo | null,
  { count, height, width, augmentation }: AugmentAttrs,
): tf.TensorInfo {
  return runKernel(host, {
    key: `augment-${augmentation}`,
    inputs: [
      { name: 'bytes', tensor: bytes, components: 1 },
      ...(drawn ? [{ name: 'drawn', tensor: drawn, components: 4 as const }] : []),
    ],
    outputComponents: 1,
    output: [count, height, width, 3],
    uniforms: { shape: ints(count, height, width) },
    groups: Math.ceil((count * height * width) / WORKGROUP),
    code: () => `
${UNIT_WGSL}${TEXEL_WGSL}
fn main() {
  let sizes = uniforms.shape.xyz;
  let i = groupIndex() * ${WORKGROUP} + i32(localIndex);
  if (i >= sizes.x * sizes.y * sizes.z) { return; }
  var x = i % sizes.z;
  let y = (i / sizes.z) % sizes.y;
  let image = i / (sizes.y * sizes.z);
${BODIES[augmentation]}
  result[3 * i] = value.x;
  result[3 * i + 1] = value.y;
  result[3 * i + 2] = value.z;
}`,
  });
}

/**
 * One batch augmented as `augmentBatch` (src/data/augment.ts) does it, with the same draws: for `none` and `flip` bit for
 * bit, for `official` to within 1e-6. One dispatch, or two where something is drawn.
 *
 * @param bytes int32 [ceil(count H W 3 / 4)]: the uint8 RGB pixels [count, H, W, 3], four a word, first byte lowest.
 * @param ids int32 [count, 2]: each image's stream number, low and high word (`streamWords`).
 * @returns float32 [count, H, W, 3] in [0,1], the caller's.
 */
export function augmentKernel(
  host: KernelHost,
  bytes: tf.TensorInfo,
  ids: tf.TensorInfo,
  attrs: AugmentAttrs,
): tf.TensorInfo {
  const drawn = attrs.augmentation === 'none' ? null : drawAugmentation(host, ids, attrs);
  const result = augmentPixels(host, bytes, drawn, attrs);
  if (drawn) host.disposeData(drawn.dataId);
  return result;
}
