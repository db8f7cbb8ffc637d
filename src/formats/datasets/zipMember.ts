import { Inflate, inflateSync } from 'fflate';
import { StudioError } from '../../protocol/errors';
import { crc32 } from '../images/crc32';
import { readRange, type InputFile } from '../input';
import type { ZipMember } from './zipDirectory';

const LOCAL_HEADER_BYTES = 30;
const LOCAL_HEADER_SIGNATURE = 0x04034b50;
/** Read beyond the name, so that an extra field of the usual length needs no second read. */
const EXTRA_GUESS_BYTES = 64;
/** Deflate shrinks to no less than 1/1032 of the data. */
const MAX_DEFLATE_RATIO = 1032;
/** Packed bytes that are unpacked at a time where only the head is wanted, and at most: the head of a picture lies well within them. */
const PACKED_STEP = 1024;
const MAX_PACKED_HEAD = 64 * 1024;

/**
 * The unpacked bytes of one member, by one read of the file in most cases. Memory is bounded by the size that the
 * directory gave, whatever the data would inflate to.
 * @throws StudioError `file/truncated`, `format/malformed`, `format/unsupported`.
 */
export async function readZipMember(zip: InputFile, member: ZipMember): Promise<Uint8Array<ArrayBuffer>> {
  const packed = await packedBytes(zip, member, member.packedSize);
  if (packed.length < member.packedSize) throw truncated(zip, member);
  const bytes = unpack(packed, member, zip);
  if (bytes.length !== member.size || crc32(bytes) !== member.crc)
    throw damaged(zip, member, 'its checksum is wrong');
  return bytes;
}

/**
 * The first bytes of a member, at least `bytes` where it is so long. Of a deflated one no more is unpacked than that takes, and its
 * checksum is not looked at.
 * @throws StudioError as `readZipMember`.
 */
export async function readZipMemberHead(
  zip: InputFile,
  member: ZipMember,
  bytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  if (member.method === 0) return packedBytes(zip, member, Math.min(bytes, member.packedSize));
  if (member.method !== 8) return readZipMember(zip, member);
  return inflatedHead(
    await packedBytes(zip, member, Math.min(member.packedSize, MAX_PACKED_HEAD)),
    bytes,
    zip,
    member,
  );
}

function inflatedHead(
  packed: Uint8Array,
  bytes: number,
  zip: InputFile,
  member: ZipMember,
): Uint8Array<ArrayBuffer> {
  const parts: Uint8Array[] = [];
  let length = 0;
  const inflate = new Inflate((part) => {
    parts.push(part);
    length += part.length;
  });
  try {
    for (let at = 0; at < packed.length && length < bytes; at += PACKED_STEP)
      inflate.push(packed.subarray(at, at + PACKED_STEP), at + PACKED_STEP >= member.packedSize);
  } catch {
    throw damaged(zip, member, 'its compressed data is not valid');
  }
  if (length > member.size) throw damaged(zip, member, 'its size is not possible');
  const head = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    head.set(part, at);
    at += part.length;
  }
  return head;
}

/**
 * Where a member's data begins in the file, so that a stored one can be read in place.
 * @throws StudioError `file/truncated`, `format/malformed`.
 */
export async function zipMemberStart(zip: InputFile, member: ZipMember): Promise<number> {
  const header = await readRange(zip.blob, member.offset, member.offset + LOCAL_HEADER_BYTES);
  if (header.length < LOCAL_HEADER_BYTES) throw truncated(zip, member);
  const view = new DataView(header.buffer);
  if (view.getUint32(0, true) !== LOCAL_HEADER_SIGNATURE)
    throw damaged(zip, member, 'its local header is missing');
  return member.offset + LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
}

async function packedBytes(
  zip: InputFile,
  member: ZipMember,
  wanted: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const guess = LOCAL_HEADER_BYTES + member.path.length + EXTRA_GUESS_BYTES;
  const chunk = await readRange(zip.blob, member.offset, member.offset + guess + wanted);
  if (chunk.length < LOCAL_HEADER_BYTES) throw truncated(zip, member);
  const view = new DataView(chunk.buffer);
  if (view.getUint32(0, true) !== LOCAL_HEADER_SIGNATURE)
    throw damaged(zip, member, 'its local header is missing');
  const start = LOCAL_HEADER_BYTES + view.getUint16(26, true) + view.getUint16(28, true);
  if (start + wanted <= chunk.length) return chunk.subarray(start, start + wanted);
  return readRange(zip.blob, member.offset + start, member.offset + start + wanted);
}

function unpack(packed: Uint8Array<ArrayBuffer>, member: ZipMember, zip: InputFile): Uint8Array<ArrayBuffer> {
  if (member.method === 0) return packed;
  if (member.method !== 8) {
    throw new StudioError(
      'format/unsupported',
      `${member.path} in ${zip.path} is compressed by method ${member.method}; only stored and deflated members are read.`,
      { subject: member.path },
    );
  }
  if (member.size > (member.packedSize + 16) * MAX_DEFLATE_RATIO)
    throw damaged(zip, member, 'its size is not possible');
  try {
    return inflateSync(packed, { out: new Uint8Array(member.size) });
  } catch {
    throw damaged(zip, member, 'its compressed data is not valid');
  }
}

function truncated(zip: InputFile, member: ZipMember): StudioError {
  return new StudioError('file/truncated', `${zip.path} ends inside its member ${member.path}.`, {
    subject: member.path,
  });
}

function damaged(zip: InputFile, member: ZipMember, why: string): StudioError {
  return new StudioError('format/malformed', `${member.path} in ${zip.path} is damaged: ${why}.`, {
    subject: member.path,
  });
}
