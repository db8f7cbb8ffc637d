import { StudioError } from '../../protocol/errors';
import type { RgbImage } from './rgbImage';

/** What the first bytes of a binary PPM (P6) or PGM (P5) say. */
export interface PnmHeader {
  readonly channels: 1 | 3;
  readonly width: number;
  readonly height: number;
  /** The largest sample value; 255 is read. */
  readonly maximum: number;
  /** Where the pixels begin. */
  readonly offset: number;
}

/** Comments may stand between the numbers; a longer header is none. */
const MAX_HEADER_BYTES = 1024;

/** The header, `incomplete` where it goes on behind `head`, or null where these are not such bytes. */
export function readPnmHeader(head: Uint8Array): PnmHeader | 'incomplete' | null {
  if (head[0] !== 0x50 || (head[1] !== 0x35 && head[1] !== 0x36)) return null;
  const text = String.fromCharCode(...head.subarray(2, MAX_HEADER_BYTES));
  const match = /^(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+(\d{1,6})(?:\s|#[^\n]*\n)+(\d{1,5})\s/.exec(
    text,
  );
  if (match === null) return head.length < MAX_HEADER_BYTES && /^\s[\s\d#]*/.test(text) ? 'incomplete' : null;
  const [width, height, maximum] = [Number(match[1]), Number(match[2]), Number(match[3])];
  if (width === 0 || height === 0 || maximum === 0) return null;
  return { channels: head[1] === 0x36 ? 3 : 1, width, height, maximum, offset: 2 + match[0].length };
}

/** @throws StudioError `file/truncated`, `format/unsupported` for samples of more than 8 bits. */
export function decodePnm(bytes: Uint8Array, name: string): RgbImage {
  const header = readPnmHeader(bytes);
  if (header === null || header === 'incomplete') {
    throw new StudioError('file/truncated', `${name} ends inside its image header.`, { subject: name });
  }
  const { channels, width, height, maximum, offset } = header;
  if (maximum !== 255) {
    throw new StudioError(
      'format/unsupported',
      `${name} has samples from 0 to ${maximum}; of PPM and PGM images only those to 255 are read.`,
      { subject: name },
    );
  }
  const samples = bytes.subarray(offset, offset + width * height * channels);
  if (samples.length < width * height * channels) {
    throw new StudioError('file/truncated', `${name} ends before its last pixel.`, { subject: name });
  }
  const data = new Uint8Array(width * height * 3);
  if (channels === 3) data.set(samples);
  else samples.forEach((value, i) => data.fill(value, i * 3, i * 3 + 3));
  return { width, height, data };
}
