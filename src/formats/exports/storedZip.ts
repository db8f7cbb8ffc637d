import { StudioError } from '../../protocol/errors';
import { crc32 } from '../images/crc32';

/** One file of an archive. */
export interface ZipPart {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/** PyTorch maps storages from disk and wants their data at multiples of 64 bytes, padded by an extra field `FB`. */
const ALIGNMENT = 64;
const LOCAL_HEADER_BYTES = 30;
const CENTRAL_HEADER_BYTES = 46;
const END_RECORD_BYTES = 22;
/** The plain format's limits; an archive beyond them needs zip64, which no transform comes near. */
const MAX_PARTS = 0xffff;
const MAX_ARCHIVE_BYTES = 0xffffffff;
/** 1 January 1980: exports of the same weights are the same bytes. */
const DOS_DATE = 0x21;

/**
 * An archive of uncompressed files whose data begins at multiples of 64 bytes, as torch.save writes them. Holds one
 * copy of the bytes. Throws `file/too-large` from 4 GiB or 65,536 files on.
 */
export function writeStoredZip(parts: readonly ZipPart[]): Uint8Array<ArrayBuffer> {
  const placed: { part: ZipPart; name: Uint8Array; at: number; padding: number; crc: number }[] = [];
  let at = 0;
  for (const part of parts) {
    const name = new TextEncoder().encode(part.name);
    const bare = at + LOCAL_HEADER_BYTES + name.length + 4;
    const padding = (ALIGNMENT - (bare % ALIGNMENT)) % ALIGNMENT;
    placed.push({ part, name, at, padding, crc: crc32(part.bytes) });
    at = bare + padding + part.bytes.length;
  }
  const directoryBytes = placed.reduce((sum, { name }) => sum + CENTRAL_HEADER_BYTES + name.length, 0);
  const total = at + directoryBytes + END_RECORD_BYTES;
  if (parts.length > MAX_PARTS || total > MAX_ARCHIVE_BYTES) {
    throw new StudioError(
      'file/too-large',
      'The export would pass 4 GiB, which a .pth file written here cannot hold.',
    );
  }
  const out = new Uint8Array(total);
  const view = new DataView(out.buffer);
  let central = at;
  for (const { part, name, at: start, padding, crc } of placed) {
    const size = part.bytes.length;
    view.setUint32(start, 0x04034b50, true);
    writeCommon(view, start + 4, crc, size, name.length, 4 + padding);
    out.set(name, start + LOCAL_HEADER_BYTES);
    const extra = start + LOCAL_HEADER_BYTES + name.length;
    out.set([0x46, 0x42], extra);
    view.setUint16(extra + 2, padding, true);
    out.set(part.bytes, extra + 4 + padding);
    view.setUint32(central, 0x02014b50, true);
    writeCommon(view, central + 6, crc, size, name.length, 0);
    view.setUint32(central + 42, start, true);
    out.set(name, central + CENTRAL_HEADER_BYTES);
    central += CENTRAL_HEADER_BYTES + name.length;
  }
  view.setUint32(central, 0x06054b50, true);
  view.setUint16(central + 8, parts.length, true);
  view.setUint16(central + 10, parts.length, true);
  view.setUint32(central + 12, directoryBytes, true);
  view.setUint32(central + 16, at, true);
  return out;
}

/** The 26 bytes that local and central headers share: version needed to extra-field length. */
function writeCommon(
  view: DataView,
  at: number,
  crc: number,
  size: number,
  nameBytes: number,
  extraBytes: number,
): void {
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, 0x0800, true); // names are UTF-8
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, nameBytes, true);
  view.setUint16(at + 24, extraBytes, true);
}
