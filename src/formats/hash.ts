import { createSHA256 } from 'hash-wasm';
import { StudioError } from '../protocol/errors';
import type { InputFile } from './input';

/** SHA-256 of a file's bytes in lower-case hex, streamed, so that a large file is never whole in memory. */
export async function sha256OfBlob(blob: Blob): Promise<string> {
  const hasher = await createSHA256();
  hasher.init();
  const reader = blob.stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return hasher.digest('hex');
    hasher.update(value);
  }
}

/** More files than this are told apart by their names and sizes: reading a folder of 60,000 images again takes minutes. */
const MAX_FILES_READ = 64;

/**
 * One fingerprint for what was dropped, in any order: `sha256:` of a single file's bytes; `sha256-of-files:` of the
 * sorted lines `path size sha256` of a few; `sha256-of-listing:` of the sorted lines `path size` of many.
 * @throws StudioError `file/unreadable` naming the first file.
 */
export async function fingerprint(files: readonly InputFile[]): Promise<string> {
  const [first] = files;
  try {
    if (files.length === 1 && first) return `sha256:${await sha256OfBlob(first.blob)}`;
    const sorted = [...files].sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    const whole = sorted.length <= MAX_FILES_READ;
    const lines: string[] = [];
    for (const { path, blob } of sorted) {
      lines.push(`${path} ${blob.size}${whole ? ` ${await sha256OfBlob(blob)}` : ''}\n`);
    }
    return `sha256-of-${whole ? 'files' : 'listing'}:${await sha256OfBlob(new Blob(lines))}`;
  } catch (cause) {
    const name = first?.path ?? 'The file';
    throw new StudioError('file/unreadable', `${name} cannot be read any more: was it moved or changed?`, {
      subject: name,
      cause,
    });
  }
}
