import type { RandomStream } from './random';

/** A crop window in pixels. */
export interface Crop {
  readonly top: number;
  readonly left: number;
  readonly height: number;
  readonly width: number;
}

/** Least and largest share of the image's area that a window has. */
export const SCALE = [0.8, 1] as const;
/** Least and largest width over height; each the other's reciprocal. */
export const RATIO = [3 / 4, 4 / 3] as const;
/** Draws until the fallback. */
export const ATTEMPTS = 10;

/** Python's `round`: to the nearest whole number, halves to the even one. */
function pythonRound(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The window of torchvision 0.16's `RandomResizedCrop(scale=(0.8, 1), ratio=(3/4, 4/3))`: area uniform, aspect ratio
 * uniform in its logarithm, ten attempts to fit, then the largest central window of an allowed ratio.
 */
export function cropParameters(height: number, width: number, stream: RandomStream): Crop {
  const area = height * width;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const target = area * stream.uniform(SCALE[0], SCALE[1]);
    const aspect = Math.exp(stream.uniform(Math.log(RATIO[0]), Math.log(RATIO[1])));
    const w = pythonRound(Math.sqrt(target * aspect));
    const h = pythonRound(Math.sqrt(target / aspect));
    if (w > 0 && w <= width && h > 0 && h <= height) {
      const top = stream.below(height - h + 1);
      return { top, left: stream.below(width - w + 1), height: h, width: w };
    }
  }
  return centralCrop(height, width);
}

/** The fallback window: central, as large as the allowed ratios let it be. */
export function centralCrop(height: number, width: number): Crop {
  const ratio = width / height;
  let [h, w] = [height, width];
  if (ratio < RATIO[0]) h = pythonRound(width / RATIO[0]);
  else if (ratio > RATIO[1]) w = pythonRound(height * RATIO[1]);
  return { top: Math.floor((height - h) / 2), left: Math.floor((width - w) / 2), height: h, width: w };
}
