import type { PngHeader, PngPass } from './pngLayout';

/**
 * Undoes the row filters in place (ISO 15948, 9.2). `data` holds `rows` rows of one filter byte and `rowBytes` bytes.
 * @returns false where a row names a filter that does not exist.
 */
export function unfilter(data: Uint8Array, rows: number, rowBytes: number, bytesPerPixel: number): boolean {
  for (let row = 0; row < rows; row++) {
    const start = row * (rowBytes + 1) + 1;
    const filter = data[start - 1] ?? 0;
    if (filter > 4) return false;
    if (filter === 0) continue;
    for (let i = 0; i < rowBytes; i++) {
      const at = start + i;
      const left = i >= bytesPerPixel ? (data[at - bytesPerPixel] ?? 0) : 0;
      const up = row > 0 ? (data[at - rowBytes - 1] ?? 0) : 0;
      const upLeft = row > 0 && i >= bytesPerPixel ? (data[at - rowBytes - 1 - bytesPerPixel] ?? 0) : 0;
      data[at] = (data[at] ?? 0) + predict(filter, left, up, upLeft);
    }
  }
  return true;
}

function predict(filter: number, left: number, up: number, upLeft: number): number {
  if (filter === 1) return left;
  if (filter === 2) return up;
  if (filter === 3) return (left + up) >> 1;
  const estimate = left + up - upLeft;
  const [toLeft, toUp, toUpLeft] = [
    Math.abs(estimate - left),
    Math.abs(estimate - up),
    Math.abs(estimate - upLeft),
  ];
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}

/**
 * Writes the pixels of one unfiltered pass to their places in `rgb`, [height, width, 3].
 * @returns false where a pixel points past the end of the palette.
 */
export function samplesToRgb(
  data: Uint8Array,
  pass: PngPass,
  header: PngHeader,
  palette: Uint8Array | null,
  rgb: Uint8Array,
): boolean {
  const { depth, channels, colorType, width } = header;
  const colours = colorType === 3 && palette !== null ? palette : null;
  const greyScale = depth < 8 ? 255 / (2 ** depth - 1) : 1;
  const bytesPerSample = depth === 16 ? 2 : 1;
  for (let row = 0; row < pass.rows; row++) {
    const start = row * (pass.rowBytes + 1) + 1;
    for (let column = 0; column < pass.columns; column++) {
      const to = ((pass.y + row * pass.stepY) * width + pass.x + column * pass.stepX) * 3;
      if (depth < 8 || colours !== null) {
        const bit = column * depth;
        const value = ((data[start + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
        if (colours === null) {
          rgb.fill(value * greyScale, to, to + 3);
        } else {
          if (value * 3 + 2 >= colours.length) return false;
          for (let c = 0; c < 3; c++) rgb[to + c] = colours[value * 3 + c] ?? 0;
        }
        continue;
      }
      // Big-endian samples: the first byte of a 16-bit one is its high byte.
      const from = start + column * channels * bytesPerSample;
      const step = channels >= 3 ? bytesPerSample : 0;
      for (let c = 0; c < 3; c++) rgb[to + c] = data[from + c * step] ?? 0;
    }
  }
  return true;
}

/**
 * Writes the opacity of the pixels of one unfiltered pass to their places in `alpha`, [height, width]: the last of two or four
 * channels, or what `transparency` says of a palette's colour.
 */
export function samplesToAlpha(
  data: Uint8Array,
  pass: PngPass,
  header: PngHeader,
  transparency: Uint8Array | null,
  alpha: Uint8Array,
): void {
  const { depth, channels, colorType, width } = header;
  const bytesPerSample = depth === 16 ? 2 : 1;
  for (let row = 0; row < pass.rows; row++) {
    const start = row * (pass.rowBytes + 1) + 1;
    for (let column = 0; column < pass.columns; column++) {
      const to = (pass.y + row * pass.stepY) * width + pass.x + column * pass.stepX;
      if (colorType === 3) {
        const bit = column * depth;
        const colour = ((data[start + (bit >> 3)] ?? 0) >> (8 - depth - (bit & 7))) & (2 ** depth - 1);
        alpha[to] = transparency?.[colour] ?? 255;
      } else {
        alpha[to] = data[start + (column * channels + channels - 1) * bytesPerSample] ?? 0;
      }
    }
  }
}
