import { StudioError } from '../../protocol/errors';
import { assembleCifar, type CifarBatch } from './cifarAssemble';
import { cifarKind } from './cifarKind';
import {
  CIFAR_IMAGE_BYTES,
  cifarBinaryRole,
  cifarRoleBySize,
  interleave,
  type CifarRole,
} from './cifarLayout';
import { checkBatchSize, cifarMembers, memberBytes } from './cifarMembers';
import type { DatasetFormat } from './format';
import { datasetName } from './paths';
import type { TarMember } from './tar';

/**
 * CIFAR-10 and CIFAR-100, binary version: records of the label byte(s) and 3,072 planar bytes, loose or in a
 * `.tar.gz`. Streamed once straight into interleaved uint8; of the archive itself only a piece is ever in memory.
 */
export const cifarBinary: DatasetFormat = {
  id: 'cifar-binary',
  label: 'CIFAR binary batches',
  matches: async (files, options) => (await cifarKind(files, options)) === 'binary',
  async open(files, options) {
    const batches: CifarBatch[] = [];
    let names: string[] | null = null;
    for await (const member of cifarMembers(files, options)) {
      // A file that was dropped alone may have any name; in an archive only the official names count.
      const alone = files.length === 1 && member.path === files[0]?.path;
      const role = cifarBinaryRole(member.path) ?? (alone ? cifarRoleBySize(member.size) : null);
      if (role === null) continue;
      if (role.part === 'meta') names = lines(await memberBytes(member));
      else batches.push(await readBatch(member, role));
    }
    return assembleCifar(datasetName(files[0]?.path ?? ''), cifarBinary.id, batches, names);
  },
};

function lines(bytes: Uint8Array): string[] {
  const text = new TextDecoder().decode(bytes);
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '');
}

async function readBatch(member: TarMember, role: CifarRole): Promise<CifarBatch> {
  checkBatchSize(member);
  const recordBytes = role.variant.labelBytes + CIFAR_IMAGE_BYTES;
  if (member.size === 0 || member.size % recordBytes !== 0) {
    throw new StudioError(
      member.size === 0 ? 'file/empty' : 'file/truncated',
      `${member.path} has ${member.size} bytes, which is not a whole number of ${role.variant.title} records (${recordBytes} bytes each).`,
      { subject: member.path },
    );
  }
  const count = member.size / recordBytes;
  const batch = {
    path: member.path,
    role,
    pixels: new Uint8Array(count * CIFAR_IMAGE_BYTES),
    labels: new Int32Array(count),
  };
  const take = (source: Uint8Array, at: number, index: number) => {
    batch.labels[index] = source[at + role.variant.labelBytes - 1] ?? 0;
    interleave(source, at + role.variant.labelBytes, batch.pixels, index * CIFAR_IMAGE_BYTES);
  };
  const got = await eachRecord(member, recordBytes, take);
  if (got < count) {
    throw new StudioError('file/truncated', `${member.path} ends after ${got} of ${count} images.`, {
      subject: member.path,
    });
  }
  return batch;
}

/** Calls `take(bytes, offset, index)` for each whole record, whatever pieces the stream comes in; returns how many. */
async function eachRecord(
  member: TarMember,
  recordBytes: number,
  take: (source: Uint8Array, at: number, index: number) => void,
): Promise<number> {
  const partial = new Uint8Array(recordBytes);
  let held = 0;
  let index = 0;
  for await (const piece of member.body) {
    let at = 0;
    if (held > 0) {
      at = Math.min(recordBytes - held, piece.length);
      partial.set(piece.subarray(0, at), held);
      held += at;
      if (held < recordBytes) continue;
      take(partial, 0, index++);
    }
    for (; at + recordBytes <= piece.length; at += recordBytes) take(piece, at, index++);
    partial.set(piece.subarray(at));
    held = piece.length - at;
  }
  return index;
}
