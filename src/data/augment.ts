import { cropParameters, type Crop } from './cropParameters';
import { toUnitFloats } from './pixels';
import { PURPOSE, RandomStream } from './random';

/** `official`: crop, flip, grey (METHODS 1.2). `flip`: horizontal flips alone. */
export type Augmentation = 'official' | 'flip' | 'none';

/** How often an image is mirrored. */
export const FLIP_PROBABILITY = 0.5;
/** How often an image loses its colours. */
export const GREY_PROBABILITY = 0.2;
/** ITU-R 601-2 luma as torchvision rounds it (`rgb_to_grayscale`), for R, G, B. */
export const LUMA = [0.2989, 0.587, 0.114] as const;

/**
 * The official training augmentation: RandomResizedCrop to the same size (scale 0.8 to 1, ratio 3/4 to 4/3, bilinear without
 * antialias, align_corners false), RandomHorizontalFlip(0.5), RandomGrayscale(0.2), each image for itself, with
 * torchvision 0.16's arithmetic on tensors.
 * @param pixels float32 [count, height, width, 3] in [0,1], RGB (grey weighs channels in that order).
 * @param streamFor where image i of the batch draws from; give each image its own for numbers that do not depend on
 *   the batch's make-up.
 * @returns a new array of the same shape; for `none`, `pixels` itself.
 */
export function augmentBatch(
  pixels: Float32Array,
  count: number,
  height: number,
  width: number,
  kind: Augmentation,
  streamFor: RandomStream | ((imageInBatch: number) => RandomStream),
): Float32Array {
  if (kind === 'none') return pixels;
  const size = height * width * 3;
  const out = new Float32Array(count * size);
  for (let i = 0; i < count; i++) {
    const stream = typeof streamFor === 'function' ? streamFor(i) : streamFor;
    const from = pixels.subarray(i * size, (i + 1) * size);
    const to = out.subarray(i * size, (i + 1) * size);
    if (kind === 'official') resizeCrop(from, height, width, cropParameters(height, width, stream), to);
    else to.set(from);
    if (stream.uniform() < FLIP_PROBABILITY) flipImage(to, height, width);
    if (kind === 'official' && stream.uniform() < GREY_PROBABILITY) greyImage(to);
  }
  return out;
}

/** Images as they are stored, and where the augmentation of each draws from: what the graphics card is given of a batch. */
export interface ByteImages {
  /** uint8 RGB, [count, height, width, 3]. */
  readonly bytes: Uint8Array;
  /** [count, 2], the low and the high word of each image's stream number, as `streamWords` makes them. */
  readonly streams: Int32Array;
}

/** The stream numbers `first + indices[i]` in two words each, low word first, [count, 2]. Whole and not negative. */
export function streamWords(indices: ArrayLike<number>, first: number): Int32Array {
  const words = new Int32Array(2 * indices.length);
  for (let i = 0; i < indices.length; i++) {
    const stream = first + (indices[i] ?? 0);
    words[2 * i] = stream >>> 0;
    words[2 * i + 1] = Math.floor(stream / 2 ** 32);
  }
  return words;
}

/** `images` as float32 in [0,1], augmented each from its own stream of `seed`; same layout, a new array. */
export function augmentBytes(
  images: ByteImages,
  height: number,
  width: number,
  kind: Augmentation,
  seed: number,
): Float32Array {
  const { bytes, streams } = images;
  return augmentBatch(toUnitFloats(bytes), streams.length / 2, height, width, kind, (i) => {
    const stream = ((streams[2 * i] ?? 0) >>> 0) + ((streams[2 * i + 1] ?? 0) >>> 0) * 2 ** 32;
    return new RandomStream(seed, PURPOSE.augment, stream);
  });
}

/** Where an output row or column reads: two source positions and how much of the second. */
interface Taps {
  readonly low: Int32Array;
  readonly high: Int32Array;
  readonly weight: Float64Array;
}

/** PyTorch's `area_pixel_compute_source_index` for align_corners=False. */
function bilinearTaps(input: number, output: number, offset: number): Taps {
  const taps = {
    low: new Int32Array(output),
    high: new Int32Array(output),
    weight: new Float64Array(output),
  };
  for (let i = 0; i < output; i++) {
    const source = Math.max(0, ((i + 0.5) * input) / output - 0.5);
    const low = Math.floor(source);
    taps.low[i] = offset + low;
    taps.high[i] = offset + Math.min(low + 1, input - 1);
    taps.weight[i] = source - low;
  }
  return taps;
}

/** The window `crop` of one image [height, width, 3], scaled back to [height, width, 3] in `out`. */
export function resizeCrop(
  image: Float32Array,
  height: number,
  width: number,
  crop: Crop,
  out: Float32Array,
): void {
  const rows = bilinearTaps(crop.height, height, crop.top);
  const columns = bilinearTaps(crop.width, width, crop.left);
  for (let y = 0; y < height; y++) {
    const top = (rows.low[y] ?? 0) * width;
    const bottom = (rows.high[y] ?? 0) * width;
    const down = rows.weight[y] ?? 0;
    for (let x = 0; x < width; x++) {
      const left = columns.low[x] ?? 0;
      const right = columns.high[x] ?? 0;
      const along = columns.weight[x] ?? 0;
      for (let c = 0; c < 3; c++) {
        const upper =
          (1 - along) * (image[(top + left) * 3 + c] ?? 0) + along * (image[(top + right) * 3 + c] ?? 0);
        const lower =
          (1 - along) * (image[(bottom + left) * 3 + c] ?? 0) +
          along * (image[(bottom + right) * 3 + c] ?? 0);
        out[(y * width + x) * 3 + c] = (1 - down) * upper + down * lower;
      }
    }
  }
}

/** Mirrors one image [height, width, 3] left to right, in place. */
export function flipImage(image: Float32Array, height: number, width: number): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width >> 1; x++) {
      for (let c = 0; c < 3; c++) {
        const left = (y * width + x) * 3 + c;
        const right = (y * width + width - 1 - x) * 3 + c;
        const held = image[left] ?? 0;
        image[left] = image[right] ?? 0;
        image[right] = held;
      }
    }
  }
}

/** Replaces the three channels of each pixel by its luma, in place. */
export function greyImage(image: Float32Array): void {
  for (let at = 0; at < image.length; at += 3) {
    const luma = LUMA[0] * (image[at] ?? 0) + LUMA[1] * (image[at + 1] ?? 0) + LUMA[2] * (image[at + 2] ?? 0);
    image.fill(luma, at, at + 3);
  }
}
