import { unzlibSync } from 'fflate';
import { StudioError } from '../../protocol/errors';
import { crc32 } from './crc32';
import { pngPasses, readPngHeader, type PngHeader, type PngPass } from './pngLayout';
import { samplesToAlpha, samplesToRgb, unfilter } from './pngSamples';
import type { RgbImage } from './rgbImage';

/** Deflate shrinks to no less than 1/1032 of the data. */
const MAX_DEFLATE_RATIO = 1032;

function damaged(name: string, why: string): StudioError {
  return new StudioError('dataset/decode-failed', `${name} is a damaged PNG: ${why}.`, { subject: name });
}

function truncated(name: string): StudioError {
  return new StudioError('file/truncated', `${name} ends before its PNG image is complete.`, {
    subject: name,
  });
}

interface PngParts {
  readonly header: PngHeader;
  readonly palette: Uint8Array | null;
  /** The tRNS chunk: of a palette, the opacity of its first colours. */
  readonly transparency: Uint8Array | null;
  /** The zlib stream, joined. */
  readonly data: Uint8Array;
}

/** Reads the chunks that make the picture; the others (text, profiles) are skipped unread. */
function readChunks(bytes: Uint8Array, name: string): PngParts {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = readPngHeader(view);
  if (header === null) throw damaged(name, 'its header is not valid');
  const parts: Uint8Array[] = [];
  let palette: Uint8Array | null = null;
  let transparency: Uint8Array | null = null;
  let offset = 8;
  for (;;) {
    if (offset + 12 > bytes.length) throw truncated(name);
    const length = view.getUint32(offset);
    const type = String.fromCharCode(...bytes.subarray(offset + 4, offset + 8));
    if (offset + 12 + length > bytes.length) throw truncated(name);
    const body = bytes.subarray(offset + 8, offset + 8 + length);
    const critical = type.charCodeAt(0) < 0x60;
    if (
      critical &&
      crc32(bytes.subarray(offset + 4, offset + 8 + length)) !== view.getUint32(offset + 8 + length)
    ) {
      throw damaged(name, `the checksum of its ${/^[A-Z]{4}$/.test(type) ? type : 'next'} chunk is wrong`);
    }
    if (type === 'IEND') break;
    if (type === 'PLTE') palette = body;
    else if (type === 'tRNS') transparency = body;
    else if (type === 'IDAT') parts.push(body);
    else if (critical && type !== 'IHDR') throw damaged(name, 'it has an unknown critical chunk');
    offset += 12 + length;
  }
  const data = join(parts);
  // A short stream for a huge picture is a cut-off file, told before memory is taken for it.
  if (rawSize(header) > (data.length + 16) * MAX_DEFLATE_RATIO) throw truncated(name);
  return { header, palette, transparency, data };
}

/** Bytes of the samples with a filter byte for each row. */
function rawSize(header: PngHeader): number {
  return pngPasses(header).reduce((sum, pass) => sum + pass.rows * (1 + pass.rowBytes), 0);
}

function join(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const joined = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Inflates into exactly the bytes the header promises: a stream that holds more can cost no memory. */
function inflate(data: Uint8Array, size: number, name: string): Uint8Array {
  // Deflate never needs more than stored blocks do; the rest of such a stream could only be a bomb.
  if (data.length > size * 1.01 + 4096) throw damaged(name, 'it holds more data than its size needs');
  let raw: Uint8Array;
  try {
    raw = unzlibSync(data, { out: new Uint8Array(size) });
  } catch (cause) {
    if (cause instanceof Error && cause.message.includes('EOF')) throw truncated(name);
    throw damaged(name, 'its compressed data is not valid');
  }
  if (raw.length < size) throw truncated(name);
  return raw;
}

/** The unfiltered samples of every pass, in the order of the data. */
function* samplesOf({ header, data }: PngParts, name: string): Generator<[Uint8Array, PngPass]> {
  const passes = pngPasses(header);
  const raw = inflate(data, rawSize(header), name);
  let offset = 0;
  for (const pass of passes) {
    const size = pass.rows * (1 + pass.rowBytes);
    const filtered = raw.subarray(offset, offset + size);
    if (!unfilter(filtered, pass.rows, pass.rowBytes, header.bytesPerPixel)) {
      throw damaged(name, 'a row has an unknown filter');
    }
    yield [filtered, pass];
    offset += size;
  }
}

/**
 * A PNG as RGB: every colour type and bit depth, interlaced or not. Alpha and transparency are dropped, as PIL's
 * `convert('RGB')` does; of 16-bit samples the high byte is kept.
 * The caller has checked the pixel count (`MAX_IMAGE_PIXELS`).
 * @throws StudioError `file/truncated`, `dataset/decode-failed`.
 */
export function decodePng(bytes: Uint8Array, name: string): RgbImage {
  const parts = readChunks(bytes, name);
  const { header, palette } = parts;
  if (header.colorType === 3 && palette === null) throw damaged(name, 'it has no palette');
  const { width, height } = header;
  const rgb = new Uint8Array(width * height * 3);
  for (const [samples, pass] of samplesOf(parts, name)) {
    if (!samplesToRgb(samples, pass, header, palette, rgb))
      throw damaged(name, 'a colour is not in its palette');
  }
  return { width, height, data: rgb };
}

/**
 * The opacity of every pixel of a PNG, 0-255, [height, width]; null where it has neither an alpha channel nor a palette
 * with transparent colours (a single transparent colour of an image without a palette is not looked at).
 * The caller has checked the pixel count (`MAX_IMAGE_PIXELS`).
 * @throws StudioError `file/truncated`, `dataset/decode-failed`.
 */
export function decodePngAlpha(bytes: Uint8Array, name: string): Uint8Array | null {
  const parts = readChunks(bytes, name);
  const { header, transparency } = parts;
  if (header.colorType < 4 && (header.colorType !== 3 || transparency === null)) return null;
  const alpha = new Uint8Array(header.width * header.height);
  for (const [samples, pass] of samplesOf(parts, name)) {
    samplesToAlpha(samples, pass, header, transparency, alpha);
  }
  return alpha;
}
