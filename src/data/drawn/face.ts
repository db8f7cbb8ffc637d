import { SIGNS, type Sign } from './signs';

/** Side of a rasterised face in texels; about five texels fall on one pixel of the finished image. */
export const FACE_SIZE = 128;
/** The face covers [-FACE_REACH, FACE_REACH] each way: a margin, so that its edge is transparent. */
export const FACE_REACH = 1.2;
const SAMPLES = 4;

/** A sign's face rasterised once: premultiplied RGBA in [0,1], [FACE_SIZE, FACE_SIZE, 4], 4x4 samples a texel. */
export type Face = Float64Array;

function rasterise(sign: Sign): Face {
  const face = new Float64Array(FACE_SIZE * FACE_SIZE * 4);
  const step = (2 * FACE_REACH) / (FACE_SIZE * SAMPLES);
  const share = 1 / (SAMPLES * SAMPLES);
  // Topmost layer first: the first one that holds the point gives its colour.
  const layers = [...sign.layers].reverse();
  for (let row = 0; row < FACE_SIZE * SAMPLES; row++) {
    const y = (row + 0.5) * step - FACE_REACH;
    for (let column = 0; column < FACE_SIZE * SAMPLES; column++) {
      const x = (column + 0.5) * step - FACE_REACH;
      const hit = layers.find(([shape]) => shape(x, y));
      if (!hit) continue;
      const at = (Math.floor(row / SAMPLES) * FACE_SIZE + Math.floor(column / SAMPLES)) * 4;
      const [red, green, blue] = hit[1];
      face[at] = (face[at] ?? 0) + red * share;
      face[at + 1] = (face[at + 1] ?? 0) + green * share;
      face[at + 2] = (face[at + 2] ?? 0) + blue * share;
      face[at + 3] = (face[at + 3] ?? 0) + share;
    }
  }
  return face;
}

const faces: Face[] = [];

/** The rasterised face of class `label`, made when first asked for and kept. */
export function faceOf(label: number): Face {
  const kept = faces[label];
  if (kept) return kept;
  const sign = SIGNS[label];
  if (!sign) throw new RangeError(`There is no sign ${label}.`);
  const face = rasterise(sign);
  faces[label] = face;
  return face;
}
