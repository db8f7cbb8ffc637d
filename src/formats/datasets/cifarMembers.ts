import { StudioError } from '../../protocol/errors';
import type { InputFile } from '../input';
import { throwIfAborted } from './abort';
import type { OpenOptions } from './format';
import { isClutter } from './paths';
import { looksLikeTar, tarMembers, type TarMember } from './tar';

/** More files than an unpacked CIFAR folder has: then only those named like archives are looked into. */
const FEW_FILES = 16;
/** The largest real batch (CIFAR-100's training part) has 154 MB; a header may not claim memory far beyond that. */
const MAX_BATCH_BYTES = 512 * 2 ** 20;

/** The members of the archives among `files`, and the other files as they are. */
export async function* cifarMembers(
  files: readonly InputFile[],
  options: OpenOptions,
): AsyncGenerator<TarMember> {
  for (const file of files) {
    throwIfAborted(options.signal);
    if (isClutter(file.path)) continue;
    const named = /\.(?:tar|tgz|gz)$/i.test(file.path);
    if ((named || files.length <= FEW_FILES) && (await looksLikeTar(file))) yield* tarMembers(file, options);
    else yield { path: file.path, size: file.blob.size, body: pieces(file, options) };
  }
}

async function* pieces(file: InputFile, options: OpenOptions): AsyncGenerator<Uint8Array> {
  const reader = file.blob.stream().getReader();
  let done = 0;
  for (;;) {
    throwIfAborted(options.signal);
    const next = await reader.read();
    if (next.done) return;
    done += next.value.length;
    options.onProgress?.(done, file.blob.size, `Reading ${file.path}`);
    yield next.value;
  }
}

/** @throws StudioError `file/too-large` where a batch claims more than any real one has. */
export function checkBatchSize(member: TarMember): void {
  if (member.size > MAX_BATCH_BYTES) {
    throw new StudioError(
      'file/too-large',
      `${member.path} claims ${member.size} bytes; a CIFAR batch has at most ${MAX_BATCH_BYTES}.`,
      { subject: member.path },
    );
  }
}

/** The whole member in one array. @throws StudioError `file/too-large`, `file/truncated`. */
export async function memberBytes(member: TarMember): Promise<Uint8Array> {
  checkBatchSize(member);
  const bytes = new Uint8Array(member.size);
  let offset = 0;
  for await (const piece of member.body) {
    bytes.set(piece, offset);
    offset += piece.length;
  }
  if (offset < member.size)
    throw new StudioError('file/truncated', `${member.path} ends early.`, { subject: member.path });
  return bytes;
}
