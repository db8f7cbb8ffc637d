import { centerCrop, resizeBilinear } from '../images/resample';
import type { RgbImage } from '../images/rgbImage';

/** Size of an image file, as its header gives it. */
export interface FileSize {
  readonly path: string;
  readonly width: number;
  readonly height: number;
}

/** What is done to images of different sizes, in torchvision's terms. */
export type ResizeRule =
  /** `Resize((side, side))`. */
  | { readonly kind: 'square'; readonly side: number }
  /** `Resize(shorter)`, then `CenterCrop(side)`. */
  | { readonly kind: 'crop'; readonly shorter: number; readonly side: number };

/** Shorter sides up to which images of different sizes become 32 and 64 pixels; longer ones become 224. */
const SMALL_UP_TO = 48;
const MEDIUM_UP_TO = 128;

/** ImageNet's evaluation transform for photos, a square for small pictures; by the median of the shorter sides. */
export function ruleFor(sizes: readonly FileSize[]): ResizeRule {
  const shorter = sizes.map(({ width, height }) => Math.min(width, height)).sort((a, b) => a - b);
  const median = shorter[shorter.length >> 1] ?? 0;
  if (median <= SMALL_UP_TO) return { kind: 'square', side: 32 };
  return median <= MEDIUM_UP_TO ? { kind: 'square', side: 64 } : { kind: 'crop', shorter: 256, side: 224 };
}

/** The image under the rule: `side` x `side`. */
export function applyRule(image: RgbImage, rule: ResizeRule): RgbImage {
  if (rule.kind === 'square') return resizeBilinear(image, rule.side, rule.side);
  const { shorter, side } = rule;
  const { width, height } = image;
  // torchvision: the longer side is truncated, not rounded.
  const scaled =
    width <= height
      ? resizeBilinear(image, shorter, Math.trunc((shorter * height) / width))
      : resizeBilinear(image, Math.trunc((shorter * width) / height), shorter);
  return centerCrop(scaled, side, side);
}

/** A sentence for the data card. */
export function sizingNote(sizes: readonly FileSize[], rule: ResizeRule): string {
  const area = ({ width, height }: FileSize) => width * height;
  const sorted = [...sizes].sort((a, b) => area(a) - area(b));
  const [least, most] = [sorted[0], sorted.at(-1)];
  const range = `${least?.width}x${least?.height} to ${most?.width}x${most?.height} pixels`;
  const how =
    rule.kind === 'square'
      ? `Resize((${rule.side}, ${rule.side}))`
      : `Resize(${rule.shorter}) and CenterCrop(${rule.side})`;
  return `The images have different sizes (${range}); each is brought to ${rule.side}x${rule.side} as torchvision's ${how} does it.`;
}
