/** A decoded image: `data` is uint8 RGB, row by row, [height, width, 3]. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array<ArrayBuffer>;
}

/** Images of more pixels than this are refused before anything is allocated for them (64 megapixels, 192 MB of RGB). */
export const MAX_IMAGE_PIXELS = 64 * 2 ** 20;
