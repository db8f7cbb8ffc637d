import type { ArrayFile } from './arrayFile';

/** Where an array of images has its images: sizes, and steps between neighbours, counted in elements. */
export interface PixelGeometry {
  readonly count: number;
  readonly height: number;
  readonly width: number;
  /** 1 (grey), 3, or 4 of which the last, opacity, is left out. */
  readonly channels: 1 | 3 | 4;
  readonly step: { readonly image: number; readonly y: number; readonly x: number; readonly channel: number };
}

/** The least side of an image in an array without a channel axis: [H, W, 3] of one photo has to be told apart. */
const LEAST_GREY_SIDE = 5;
/** Longest side that is believed. */
const MAX_SIDE = 8192;

/**
 * How the array holds images, or null where its shape is no images'. In this order: [N, H, W, C] and [N, C, H, W] with
 * C of 1, 3 or 4; [N, H, W] grey; [N, D] with D = 3 s^2 (three planes, as CIFAR has it) or D = s^2 (grey).
 */
export function pixelGeometry(array: Pick<ArrayFile, 'shape' | 'fortranOrder'>): PixelGeometry | null {
  const { shape, fortranOrder } = array;
  const steps = axisSteps(shape, fortranOrder);
  const [count = 0, a = 0, b = 0, c = 0] = shape;
  const [image = 0, first = 0, second = 0, third = 0] = steps;
  const of = (
    [height, width, channels]: readonly [number, number, number],
    [y, x, channel]: readonly [number, number, number],
  ): PixelGeometry | null =>
    count >= 1 &&
    height >= 1 &&
    width >= 1 &&
    height <= MAX_SIDE &&
    width <= MAX_SIDE &&
    (channels === 1 || channels === 3 || channels === 4)
      ? { count, height, width, channels, step: { image, y, x, channel } }
      : null;
  if (shape.length === 4) {
    return of([a, b, c], [first, second, third]) ?? of([b, c, a], [second, third, first]);
  }
  if (shape.length === 3 && a >= LEAST_GREY_SIDE && b >= LEAST_GREY_SIDE) {
    return of([a, b, 1], [first, second, 0]);
  }
  if (shape.length !== 2) return null;
  // One row an image: colour planes, then rows, then pixels.
  for (const channels of [3, 1]) {
    const side = Math.sqrt(a / channels);
    if (!Number.isInteger(side) || side < LEAST_GREY_SIDE) continue;
    return of([side, side, channels], [side * first, first, side * side * first]);
  }
  return null;
}

/** Elements between neighbours along each axis. */
function axisSteps(shape: readonly number[], fortranOrder: boolean): number[] {
  const steps = new Array<number>(shape.length).fill(0);
  let step = 1;
  for (let k = 0; k < shape.length; k++) {
    const axis = fortranOrder ? k : shape.length - 1 - k;
    steps[axis] = step;
    step *= shape[axis] ?? 0;
  }
  return steps;
}

/** What a stored value is multiplied by to be a pixel of 0 to 255. */
export type PixelScale = 1 | 255;

/**
 * Writes one image as uint8 RGB, [H, W, 3], grey repeated three times, fractions rounded (halves up).
 * @param values the array's elements, of which `first` is the image's first.
 * @returns false where a value lies outside 0 to 255 or is no number.
 */
export function writeImage(
  values: ArrayLike<number>,
  first: number,
  { height, width, channels, step }: PixelGeometry,
  scale: PixelScale,
  out: Uint8Array,
  at: number,
): boolean {
  const colours = channels === 1 ? 1 : 3;
  let fits = true;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const from = first + y * step.y + x * step.x;
      for (let c = 0; c < colours; c++) {
        const value = Math.floor((values[from + c * step.channel] ?? NaN) * scale + 0.5);
        if (!(value >= 0 && value <= 255)) fits = false;
        out[at + c] = value;
      }
      if (colours === 1) out.fill(out[at] ?? 0, at + 1, at + 3);
    }
  }
  return fits;
}
