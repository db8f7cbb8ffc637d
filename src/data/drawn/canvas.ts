import type { Colour } from './signs';

/** Side of a drawn image in pixels. */
export const SIDE = 32;

/** A picture being drawn: RGB about [0,1] (not clamped until the end), [SIDE, SIDE, 3]. */
export type Canvas = Float64Array;

/** Lays `colour` over the pixel at (x, y) with the given opacity; outside the picture nothing happens. */
export function blend(canvas: Canvas, x: number, y: number, colour: Colour, opacity: number): void {
  if (x < 0 || y < 0 || x >= SIDE || y >= SIDE || opacity <= 0) return;
  const at = (y * SIDE + x) * 3;
  const keep = 1 - opacity;
  canvas[at] = (canvas[at] ?? 0) * keep + colour[0] * opacity;
  canvas[at + 1] = (canvas[at + 1] ?? 0) * keep + colour[1] * opacity;
  canvas[at + 2] = (canvas[at + 2] ?? 0) * keep + colour[2] * opacity;
}

/** How much of the pixel [i, i+1] an interval [from, to] covers. */
function overlap(i: number, from: number, to: number): number {
  const low = from > i ? from : i;
  const high = to < i + 1 ? to : i + 1;
  return high > low ? high - low : 0;
}

/** An upright rectangle with edges at any fraction of a pixel. */
export function fillBox(
  canvas: Canvas,
  box: { readonly left: number; readonly top: number; readonly right: number; readonly bottom: number },
  colour: Colour,
  opacity = 1,
): void {
  const lastRow = Math.min(SIDE - 1, Math.floor(box.bottom));
  const lastColumn = Math.min(SIDE - 1, Math.floor(box.right));
  for (let y = Math.max(0, Math.floor(box.top)); y <= lastRow; y++) {
    const rowShare = overlap(y, box.top, box.bottom);
    for (let x = Math.max(0, Math.floor(box.left)); x <= lastColumn; x++) {
      blend(canvas, x, y, colour, opacity * rowShare * overlap(x, box.left, box.right));
    }
  }
}

/** The colour `t` of the way from one to the other. */
export function mix(from: Colour, to: Colour, t: number): Colour {
  return [from[0] + (to[0] - from[0]) * t, from[1] + (to[1] - from[1]) * t, from[2] + (to[2] - from[2]) * t];
}

/** 0 below `low`, 1 above `high`, a smooth cubic between. */
export function smoothstep(low: number, high: number, value: number): number {
  const t = (value - low) / (high - low);
  if (t <= 0) return 0;
  if (t >= 1) return 1;
  return t * t * (3 - 2 * t);
}
