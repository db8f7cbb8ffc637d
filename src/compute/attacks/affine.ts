/** Where an output pixel reads: x' = a·x + b·y + c, y' = d·x + e·y + f, in pixels, pixel centres at halves. */
export type AffineMap = readonly [a: number, b: number, c: number, d: number, e: number, f: number];

/** Pillow computes nearest-neighbour transforms in 16.16 fixed point; so the same pixel is taken at a tie. */
const FIXED = 65536;
const toFixed = (value: number): number => Math.floor(value * FIXED + 0.5);
/** Pillow rounds sines and cosines to 15 digits, so that right angles are exact. */
const round15 = (value: number): number => Math.round(value * 1e15) / 1e15;

/**
 * One image under an affine map, nearest neighbour, black outside: Pillow's `Image.transform(AFFINE, NEAREST)`.
 * @param pixels [height, width, 3]; a new array.
 */
export function affineNearest(
  pixels: Float32Array,
  height: number,
  width: number,
  map: AffineMap,
): Float32Array {
  const [a, b, c, d, e, f] = map;
  const out = new Float32Array(pixels.length);
  const stepX = [toFixed(a), toFixed(d)] as const;
  const stepY = [toFixed(b), toFixed(e)] as const;
  const startX = toFixed(c + 0.5 * a + 0.5 * b);
  const startY = toFixed(f + 0.5 * d + 0.5 * e);
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const fromColumn = Math.floor((startX + row * stepY[0] + column * stepX[0]) / FIXED);
      const fromRow = Math.floor((startY + row * stepY[1] + column * stepX[1]) / FIXED);
      if (fromColumn < 0 || fromColumn >= width || fromRow < 0 || fromRow >= height) continue;
      const from = (fromRow * width + fromColumn) * 3;
      const to = (row * width + column) * 3;
      for (let channel = 0; channel < 3; channel++) out[to + channel] = pixels[from + channel] ?? 0;
    }
  }
  return out;
}

/**
 * The map of a picture turned counter-clockwise by `degrees` about its centre, scaled by `scale` and moved by
 * `moveX`, `moveY` pixels to the right and down.
 */
export function affineMap(
  height: number,
  width: number,
  degrees: number,
  scale = 1,
  moveX = 0,
  moveY = 0,
): AffineMap {
  const radians = (-degrees * Math.PI) / 180;
  const cos = round15(Math.cos(radians)) / scale;
  const sin = round15(Math.sin(radians)) / scale;
  const centreX = width / 2;
  const centreY = height / 2;
  const x = -centreX - moveX;
  const y = -centreY - moveY;
  return [cos, sin, cos * x + sin * y + centreX, -sin, cos, -sin * x + cos * y + centreY];
}

/** One image turned as Pillow's `Image.rotate(degrees)`: counter-clockwise, nearest, size kept, black outside. */
export function rotate(pixels: Float32Array, height: number, width: number, degrees: number): Float32Array {
  return affineNearest(pixels, height, width, affineMap(height, width, degrees));
}
