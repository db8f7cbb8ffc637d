import type { RandomStream } from '../random';
import { type Canvas, SIDE } from './canvas';

/** One pass of the kernel [side, 1 - 2 side, side] along rows (`stride` 3) or columns, edges repeated. */
function smooth(canvas: Canvas, side: number, along: 'x' | 'y'): Canvas {
  const out = new Float64Array(canvas.length);
  const middle = 1 - 2 * side;
  for (let y = 0; y < SIDE; y++) {
    for (let x = 0; x < SIDE; x++) {
      const before = along === 'x' ? y * SIDE + Math.max(0, x - 1) : Math.max(0, y - 1) * SIDE + x;
      const after =
        along === 'x' ? y * SIDE + Math.min(SIDE - 1, x + 1) : Math.min(SIDE - 1, y + 1) * SIDE + x;
      const at = y * SIDE + x;
      for (let channel = 0; channel < 3; channel++) {
        out[at * 3 + channel] =
          (canvas[at * 3 + channel] ?? 0) * middle +
          ((canvas[before * 3 + channel] ?? 0) + (canvas[after * 3 + channel] ?? 0)) * side;
      }
    }
  }
  return out;
}

/** Out of focus on some images, moved sideways on a few. */
function blur(canvas: Canvas, random: RandomStream): Canvas {
  const kind = random.below(4);
  const side = random.uniform(0.03, 0.2);
  if (kind === 0) return canvas;
  const across = smooth(canvas, side, 'x');
  return kind === 3 ? smooth(across, side, 'x') : smooth(across, side, 'y');
}

/**
 * What the camera makes of the scene: blur, exposure, contrast, a colour cast and sensor noise, then uint8 RGB
 * [SIDE, SIDE, 3] written at `offset` of `out`. The noise is a sum of four uniform bytes, near enough to a normal
 * and made of whole numbers: Box-Muller needs a logarithm and a sine, which engines may round differently.
 */
export function photograph(scene: Canvas, random: RandomStream, out: Uint8Array, offset: number): void {
  const canvas = blur(scene, random);
  const exposure = random.uniform(0.6, 1.25);
  const contrast = random.uniform(0.75, 1.15);
  const cast = [random.uniform(0.9, 1.08), random.uniform(0.93, 1.06), random.uniform(0.88, 1.1)];
  // The sum of four bytes has mean 510 and standard deviation 147.8.
  const noise = random.uniform(0, 0.035) / 147.8;
  let state = random.uint32() | 1;
  for (let i = 0; i < canvas.length; i++) {
    // xorshift32: the pixels' own numbers, seeded by the image's stream.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    const bytes = (state & 255) + ((state >>> 8) & 255) + ((state >>> 16) & 255) + (state >>> 24);
    const lit = (canvas[i] ?? 0) * exposure * (cast[i % 3] ?? 1);
    const value = 255 * (0.5 + (lit - 0.5) * contrast + (bytes - 510) * noise);
    out[offset + i] = value <= 0 ? 0 : value >= 255 ? 255 : Math.floor(value + 0.5);
  }
}
