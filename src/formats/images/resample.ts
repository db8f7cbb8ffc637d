import type { RgbImage } from './rgbImage';

/** Bits after the point in PIL's 8-bit resampling: 32 less 8 for the sample and 2 for the sign and a carry. */
const PRECISION_BITS = 22;

/** For each output pixel: the first input pixel and the weights of those from there on, as whole numbers. */
interface Weights {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** `width` weights an output pixel, of which `count` are used. */
  readonly values: Int32Array;
  readonly width: number;
}

/**
 * Bilinear resizing with antialiasing, bit for bit that of PIL's `Image.resize(size, BILINEAR)`, which torchvision's
 * `Resize` uses on images: a triangle filter as wide as the reduction, columns first, each pass rounded to uint8.
 */
export function resizeBilinear(image: RgbImage, width: number, height: number): RgbImage {
  const wide = width === image.width ? image : resizeColumns(image, width);
  return height === wide.height ? wide : resizeRows(wide, height);
}

/** The middle of an image, as torchvision's `CenterCrop` takes it (halves rounded to even). */
export function centerCrop(image: RgbImage, width: number, height: number): RgbImage {
  const left = roundToEven((image.width - width) / 2);
  const top = roundToEven((image.height - height) / 2);
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  return rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
}

function weightsFor(from: number, to: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const width = Math.ceil(support) * 2 + 1;
  const weights = {
    first: new Int32Array(to),
    count: new Int32Array(to),
    values: new Int32Array(to * width),
    width,
  };
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const first = Math.max(0, Math.trunc(center - support + 0.5));
    const end = Math.min(from, Math.trunc(center + support + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) => {
      const distance = Math.abs((first + k - center + 0.5) * (1 / support));
      return distance < 1 ? 1 - distance : 0;
    });
    const sum = raw.reduce((a, b) => a + b, 0);
    weights.first[i] = first;
    weights.count[i] = raw.length;
    raw.forEach((value, k) => {
      weights.values[i * width + k] = Math.trunc(
        0.5 + (sum === 0 ? value : value * (1 / sum)) * 2 ** PRECISION_BITS,
      );
    });
  }
  return weights;
}

const HALF = 2 ** (PRECISION_BITS - 1);

function resizeColumns(image: RgbImage, width: number): RgbImage {
  const weights = weightsFor(image.width, width);
  const data = new Uint8Array(width * image.height * 3);
  for (let y = 0; y < image.height; y++) {
    const row = y * image.width;
    for (let x = 0; x < width; x++)
      sum(image.data, (row + (weights.first[x] ?? 0)) * 3, 3, weights, x, data, (y * width + x) * 3);
  }
  return { width, height: image.height, data };
}

function resizeRows(image: RgbImage, height: number): RgbImage {
  const weights = weightsFor(image.height, height);
  const data = new Uint8Array(image.width * height * 3);
  const row = image.width * 3;
  for (let y = 0; y < height; y++) {
    const from = (weights.first[y] ?? 0) * row;
    for (let x = 0; x < image.width; x++)
      sum(image.data, from + x * 3, row, weights, y, data, y * row + x * 3);
  }
  return { width: image.width, height, data };
}

/** One output pixel: the weighted sum of `count` pixels that lie `step` bytes apart. */
function sum(
  source: Uint8Array,
  from: number,
  step: number,
  { values, count, width }: Weights,
  index: number,
  target: Uint8Array,
  to: number,
): void {
  let [r, g, b] = [HALF, HALF, HALF];
  const taps = count[index] ?? 0;
  for (let k = 0, at = from; k < taps; k++, at += step) {
    const weight = values[index * width + k] ?? 0;
    r += (source[at] ?? 0) * weight;
    g += (source[at + 1] ?? 0) * weight;
    b += (source[at + 2] ?? 0) * weight;
  }
  target[to] = clip(r >> PRECISION_BITS);
  target[to + 1] = clip(g >> PRECISION_BITS);
  target[to + 2] = clip(b >> PRECISION_BITS);
}

function clip(value: number): number {
  return value < 0 ? 0 : value > 255 ? 255 : value;
}
