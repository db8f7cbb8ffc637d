import { readPnmHeader } from './pnm';

/** What the first bytes of an image say. Pixels are those of the file, before any orientation tag. */
export interface ImageHeader {
  readonly kind: 'jpeg' | 'png' | 'pnm';
  readonly width: number;
  readonly height: number;
  /** Colour components of a JPEG (1, 3 or 4); for PNG the samples a pixel has. */
  readonly components: number;
  /** Bits a sample has. */
  readonly depth: number;
}

const PNG_SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] as const;
const PNG_COMPONENTS: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Whether the bytes start like a PNG. */
export function isPng(bytes: Uint8Array): boolean {
  return PNG_SIGNATURE.every((value, i) => bytes[i] === value);
}

/** Whether the bytes start like a JPEG. */
export function isJpeg(bytes: Uint8Array): boolean {
  return bytes[0] === 0xff && bytes[1] === 0xd8 && bytes[2] === 0xff;
}

/**
 * Size and kind of a JPEG, PNG, PPM or PGM from its first bytes.
 * @returns `incomplete` where the size lies further in than `head` reaches (a JPEG with a long EXIF part), and
 *   `null` where these are not the first bytes of such an image, or are too damaged to tell a size.
 */
export function readImageHeader(head: Uint8Array): ImageHeader | 'incomplete' | null {
  if (isPng(head)) return pngHeader(head);
  if (isJpeg(head)) return jpegHeader(head);
  const pnm = readPnmHeader(head);
  if (pnm === null || pnm === 'incomplete') return pnm;
  const { width, height, channels, maximum } = pnm;
  return { kind: 'pnm', width, height, components: channels, depth: maximum < 256 ? 8 : 16 };
}

function pngHeader(head: Uint8Array): ImageHeader | 'incomplete' | null {
  if (head.length < 26) return 'incomplete';
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const components = PNG_COMPONENTS[view.getUint8(25)];
  if (view.getUint32(8) !== 13 || view.getUint32(12) !== 0x49484452 || components === undefined) return null;
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  if (width === 0 || height === 0) return null;
  return { kind: 'png', width, height, components, depth: view.getUint8(24) };
}

/** Walks the marker segments up to the frame header (ITU-T T.81, B.2.2). */
function jpegHeader(head: Uint8Array): ImageHeader | 'incomplete' | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  let offset = 2;
  while (offset + 4 <= head.length) {
    if (view.getUint8(offset) !== 0xff) return null;
    const marker = view.getUint8(offset + 1);
    if (marker === 0xff) {
      offset += 1; // fill byte
      continue;
    }
    const length = view.getUint16(offset + 2);
    if (marker === 0xda || marker === 0xd9 || length < 2) return null; // scan or end before any frame
    const isFrame = marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;
    if (isFrame) {
      if (offset + 10 > head.length) return 'incomplete';
      const [height, width] = [view.getUint16(offset + 5), view.getUint16(offset + 7)];
      if (width === 0 || height === 0) return null;
      return {
        kind: 'jpeg',
        width,
        height,
        components: view.getUint8(offset + 9),
        depth: view.getUint8(offset + 4),
      };
    }
    offset += 2 + length;
  }
  return 'incomplete';
}
