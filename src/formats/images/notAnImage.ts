import { StudioError } from '../../protocol/errors';
import { foreignError, sniff } from '../sniff';

/** Image formats that people have and that are not read, by how their files begin (latin1). */
const OTHER_FORMATS: readonly (readonly [RegExp, string])[] = [
  [/^GIF8[79]a/, 'a GIF image'],
  [/^RIFF[^]{4}WEBP/, 'a WebP image'],
  [/^BM[^]{12}/, 'a BMP image'],
  [/^(?:II\*|MM\0\*)/, 'a TIFF image'],
  [/^[^]{4}ftyp(?:avif|avis)/, 'an AVIF image'],
  [/^[^]{4}ftyp(?:heic|heix|mif1)/, 'a HEIC image'],
  [/^P[1-47]\s/, 'a PNM image of a kind other than binary PPM or PGM'],
  [/^\xff\n/, 'a JPEG XL image'],
];

/**
 * Says what a file is that should have been a JPEG or PNG. The error is made here and thrown by the caller.
 * Codes: `file/empty`, `file/foreign`, `file/unrecognised`, `format/unsupported`, `dataset/decode-failed`.
 */
export async function notAnImage(bytes: Uint8Array, name: string): Promise<StudioError> {
  const subject = { subject: name };
  const head = bytes.slice(0, 4096);
  const text = String.fromCharCode(...head.subarray(0, 64));
  const other = OTHER_FORMATS.find(([pattern]) => pattern.test(text));
  if (other !== undefined) {
    return new StudioError(
      'format/unsupported',
      `${name} is ${other[1]}; only JPEG, PNG, PPM and PGM images are read.`,
      subject,
    );
  }
  const file = { path: name, blob: new Blob([head]) };
  const sniffed = await sniff(file);
  if (sniffed.kind === 'jpeg' || sniffed.kind === 'png') {
    return new StudioError(
      'dataset/decode-failed',
      `${name} is damaged: it begins like ${sniffed.says}, but its header is not valid.`,
      subject,
    );
  }
  return foreignError(file, sniffed, 'a JPEG or PNG image');
}
