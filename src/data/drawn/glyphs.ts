import { direction } from './angle';
import { type Point, type Shape, stroke, union } from './shapes';

const oval: readonly Point[] = Array.from({ length: 17 }, (_, i): Point => {
  const { cos, sin } = direction((360 * i) / 16);
  return [0.5 + 0.5 * cos, 0.5 + 0.5 * sin];
});

/** Pen strokes of the characters that the signs carry, in a unit box with y down. */
const STROKES: Readonly<Record<string, readonly (readonly Point[])[]>> = {
  S: [
    [
      [0.97, 0.16],
      [0.8, 0.03],
      [0.5, 0],
      [0.15, 0.06],
      [0.02, 0.24],
      [0.18, 0.42],
      [0.82, 0.58],
      [0.98, 0.77],
      [0.85, 0.94],
      [0.5, 1],
      [0.2, 0.97],
      [0.02, 0.84],
    ],
  ],
  T: [
    [
      [0, 0],
      [1, 0],
    ],
    [
      [0.5, 0],
      [0.5, 1],
    ],
  ],
  O: [oval],
  P: [
    [
      [0, 1],
      [0, 0],
      [0.6, 0],
      [0.92, 0.09],
      [1, 0.28],
      [0.92, 0.47],
      [0.6, 0.56],
      [0, 0.56],
    ],
  ],
  '5': [
    [
      [0.94, 0],
      [0.14, 0],
      [0.06, 0.46],
      [0.45, 0.37],
      [0.86, 0.47],
      [1, 0.69],
      [0.88, 0.9],
      [0.5, 1],
      [0.16, 0.96],
      [0, 0.84],
    ],
  ],
  '0': [oval],
};

/** The characters of `text` side by side, centred at (cx, cy). All sizes in face units. */
export function lettering(
  text: string,
  size: { readonly width: number; readonly height: number; readonly gap: number; readonly pen: number },
  cx = 0,
  cy = 0,
): Shape {
  const advance = size.width + size.gap;
  const left = cx - (advance * text.length - size.gap) / 2;
  const top = cy - size.height / 2;
  return union(
    ...[...text].flatMap((character, i) =>
      (STROKES[character] ?? []).map((points) =>
        stroke(
          points.map(([x, y]): Point => [left + advance * i + x * size.width, top + y * size.height]),
          size.pen,
        ),
      ),
    ),
  );
}
