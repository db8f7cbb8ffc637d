/** An image of floats about [0,1] or of grey levels, RGB, [height, width, 3]. */
export interface Raster {
  readonly height: number;
  readonly width: number;
  readonly data: ArrayLike<number>;
}

/** For one output place: the first source place and the weights of it and its followers. */
interface Taps {
  readonly first: number;
  readonly weights: readonly number[];
}

/** Half-pixel centres, two neighbours, edges repeated: `interpolate(bilinear, align_corners=False)` on one axis. */
function bilinearTaps(from: number, to: number): Taps[] {
  return Array.from({ length: to }, (_, i) => {
    const centre = Math.max(0, ((i + 0.5) * from) / to - 0.5);
    const first = Math.min(Math.floor(centre), from - 1);
    const rest = centre - first;
    return { first, weights: first + 1 < from ? [1 - rest, rest] : [1] };
  });
}

/** A triangle as wide as the shrinking asks for: Pillow's bilinear resize on one axis. */
function triangleTaps(from: number, to: number): Taps[] {
  const scale = from / to;
  const support = Math.max(scale, 1);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - support + 0.5));
    const end = Math.min(from, Math.floor(centre + support + 0.5));
    const raw = Array.from({ length: end - first }, (_, k) =>
      Math.max(0, 1 - Math.abs((first + k - centre + 0.5) / support)),
    );
    const sum = raw.reduce((total, weight) => total + weight, 0);
    return { first, weights: raw.map((weight) => weight / sum) };
  });
}

/** One axis of a separable resize: `pitch` is the distance of neighbours along the axis. */
function along(
  source: ArrayLike<number>,
  taps: readonly Taps[],
  layout: { readonly lines: number; readonly at: (line: number, place: number, size: number) => number },
  from: number,
  finish: (value: number) => number,
): Float64Array {
  const out = new Float64Array(layout.lines * taps.length * 3);
  for (let line = 0; line < layout.lines; line++) {
    taps.forEach(({ first, weights }, place) => {
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        weights.forEach((weight, k) => {
          sum += weight * (source[layout.at(line, first + k, from) * 3 + channel] ?? 0);
        });
        out[layout.at(line, place, taps.length) * 3 + channel] = finish(sum);
      }
    });
  }
  return out;
}

/** Across, then down. */
function separable(
  image: Raster,
  height: number,
  width: number,
  taps: (from: number, to: number) => Taps[],
  finish: (value: number) => number,
): Float64Array {
  const rows = {
    lines: image.height,
    at: (line: number, place: number, size: number) => line * size + place,
  };
  const wide = along(image.data, taps(image.width, width), rows, image.width, finish);
  const columns = { lines: width, at: (line: number, place: number) => place * width + line };
  return along(wide, taps(image.height, height), columns, image.height, finish);
}

/**
 * Bilinear without antialiasing, as torchvision's `Resize` on a tensor does by default. Values of any scale; a new
 * [height, width, 3].
 */
export function resizeBilinear(image: Raster, height: number, width: number): Float64Array {
  return separable(image, height, width, bilinearTaps, (value) => value);
}

/**
 * Bilinear as Pillow resizes an 8-bit image: antialiased where it shrinks, rounded to a grey level after either axis.
 * `image` holds grey levels 0-255; a new [height, width, 3] of them.
 */
export function resizePillow(image: Raster, height: number, width: number): Float64Array {
  return separable(image, height, width, triangleTaps, (value) => Math.floor(value + 0.5));
}
