/** Which way round a model takes the three channels. The reference code reads with OpenCV and so trains on BGR. */
export type ChannelOrder = 'RGB' | 'BGR';

/**
 * uint8 RGB pixels as float32 in [0,1] (divided by 255, as torchvision's ToTensor), in the channel order asked for.
 * Same layout, [..., 3]; a new array.
 */
export function toUnitFloats(pixels: Uint8Array, order: ChannelOrder = 'RGB'): Float32Array {
  const floats = new Float32Array(pixels.length);
  const first = order === 'RGB' ? 0 : 2;
  for (let at = 0; at < pixels.length; at += 3) {
    floats[at] = (pixels[at + first] ?? 0) / 255;
    floats[at + 1] = (pixels[at + 1] ?? 0) / 255;
    floats[at + 2] = (pixels[at + 2 - first] ?? 0) / 255;
  }
  return floats;
}

/** Swaps the first and the third channel of [..., 3] in place: RGB to BGR and back. Returns `pixels`. */
export function swapRedAndBlue<T extends Uint8Array | Float32Array>(pixels: T): T {
  for (let at = 0; at + 2 < pixels.length; at += 3) {
    const first = pixels[at] ?? 0;
    pixels[at] = pixels[at + 2] ?? 0;
    pixels[at + 2] = first;
  }
  return pixels;
}
