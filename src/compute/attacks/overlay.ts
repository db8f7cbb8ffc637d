/** A picture with a mask, reduced to the pixels it covers. */
export interface Overlay {
  /** Pixels covered, as row · width + column. */
  readonly places: Int32Array;
  /** Opacity of each, in (0,1]. */
  readonly weights: Float32Array;
  /** Colour of each, RGB in [0,1]. */
  readonly colours: Float32Array;
}

/** Colour and opacity of the pixel at (row, column), or null where the picture does not cover it. */
export type Painter = (
  row: number,
  column: number,
) => { readonly colour: readonly [number, number, number]; readonly weight: number } | null;

/** The pixels of a [height, width] image that `painter` covers with a weight above 0. */
export function paintOverlay(height: number, width: number, painter: Painter): Overlay {
  const places: number[] = [];
  const weights: number[] = [];
  const colours: number[] = [];
  for (let row = 0; row < height; row++) {
    for (let column = 0; column < width; column++) {
      const painted = painter(row, column);
      if (painted === null || painted.weight <= 0) continue;
      places.push(row * width + column);
      weights.push(painted.weight);
      colours.push(...painted.colour);
    }
  }
  return {
    places: Int32Array.from(places),
    weights: Float32Array.from(weights),
    colours: Float32Array.from(colours),
  };
}

/**
 * x + α·m·(p - x) wherever the overlay lies, in place (METHODS 2.2).
 * @param pixels float32 RGB in [0,1], [count, H, W, 3]; returned.
 * @param alpha multiplies every weight.
 */
export function layOver(pixels: Float32Array, count: number, overlay: Overlay, alpha = 1): Float32Array {
  const { places, weights, colours } = overlay;
  const size = pixels.length / count;
  for (let image = 0; image < count; image++) {
    for (let i = 0; i < places.length; i++) {
      const weight = alpha * (weights[i] ?? 0);
      const at = image * size + (places[i] ?? 0) * 3;
      for (let channel = 0; channel < 3; channel++) {
        pixels[at + channel] =
          (1 - weight) * (pixels[at + channel] ?? 0) + weight * (colours[i * 3 + channel] ?? 0);
      }
    }
  }
  return pixels;
}
