import { StudioError } from '../../protocol/errors';
import { readImageHeader, type ImageHeader } from './imageHeader';
import { decodeJpeg } from './jpeg';
import { notAnImage } from './notAnImage';
import { decodePng, decodePngAlpha } from './png';
import { decodePnm } from './pnm';
import { MAX_IMAGE_PIXELS, type RgbImage } from './rgbImage';

/**
 * A JPEG, PNG or binary PPM/PGM as uint8 RGB, told by its content and not by its name. The page and the headless command share these
 * decoders, so both see the same pixels: those of PIL's `convert('RGB')` (alpha and colour profiles dropped,
 * palettes and grey expanded). One departure: of 16-bit samples the high byte is kept, where PIL clips 16-bit grey.
 * @param name the file's name for messages.
 * @throws StudioError `file/empty`, `file/foreign`, `file/truncated`, `file/too-large`, `format/unsupported`,
 *   `dataset/decode-failed`.
 */
export async function decodeImage(bytes: Uint8Array, name: string): Promise<RgbImage> {
  const header = await checkedImageHeader(bytes, name);
  if (header.kind === 'pnm') return decodePnm(bytes, name);
  return header.kind === 'jpeg' ? decodeJpeg(bytes, header, name) : decodePng(bytes, name);
}

/**
 * The opacity of every pixel, 0-255, [height, width]; null for a JPEG and for a PNG without transparency.
 * @throws StudioError as `decodeImage` does.
 */
export async function decodeAlpha(bytes: Uint8Array, name: string): Promise<Uint8Array | null> {
  const header = await checkedImageHeader(bytes, name);
  return header.kind !== 'png' ? null : decodePngAlpha(bytes, name);
}

/**
 * The header of a whole file's bytes, with the cap on pixels applied.
 * @throws StudioError as `decodeImage` does, for what the header alone tells.
 */
export async function checkedImageHeader(bytes: Uint8Array, name: string): Promise<ImageHeader> {
  const header = readImageHeader(bytes);
  if (header === 'incomplete') {
    throw new StudioError('file/truncated', `${name} ends inside its image header.`, { subject: name });
  }
  if (header === null) throw await notAnImage(bytes, name);
  if (header.width * header.height > MAX_IMAGE_PIXELS) {
    throw new StudioError(
      'file/too-large',
      `${name} is ${header.width}x${header.height} pixels; images of more than 64 megapixels are not read.`,
      { subject: name },
    );
  }
  return header;
}
