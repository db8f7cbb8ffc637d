import { StudioError } from '../../protocol/errors';
import { readRange, type InputFile } from '../input';
import { unfoldLimit } from '../unfoldLimit';
import { throwIfAborted } from './abort';
import type { OpenOptions } from './format';

/** Deflate shrinks to no less than 1/1032 of the data. */
const MAX_DEFLATE_RATIO = 1032;
/** So much of the packed file is enough for the first bytes of what is in it. */
const PACKED_HEAD_BYTES = 2 ** 16;

/** Whether the bytes start like gzip. */
export function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/** The first bytes of what a gzip file holds, as many as `bytes` if there are; fewer where it is damaged. */
export async function gunzipHead(file: InputFile, bytes: number): Promise<Uint8Array> {
  const out = new Uint8Array(bytes);
  let length = 0;
  const reader = unpacked(file.blob.slice(0, PACKED_HEAD_BYTES)).getReader();
  try {
    while (length < bytes) {
      const next = await reader.read();
      if (next.done) break;
      const part = next.value.subarray(0, bytes - length);
      out.set(part, length);
      length += part.length;
    }
  } catch {
    // The piece ends inside the stream, or the stream is damaged: what came before counts.
  }
  await reader.cancel().catch(() => undefined);
  return out.subarray(0, length);
}

/**
 * What a gzip file of one member holds, in memory. The size it states at its end is believed up to `maxBytes`.
 * @throws StudioError `file/truncated`, `file/too-large`, `format/malformed`, `aborted`.
 */
export async function gunzip(
  file: InputFile,
  maxBytes: number,
  options: OpenOptions,
): Promise<Uint8Array<ArrayBuffer>> {
  const { path, blob } = file;
  const tail = await readRange(blob, Math.max(0, blob.size - 4), blob.size);
  const size = tail.length < 4 ? 0 : new DataView(tail.buffer).getUint32(0, true);
  if (size > maxBytes) {
    throw new StudioError(
      'file/too-large',
      `${path} unpacks to ${size} bytes, more than the ${maxBytes} that are kept in memory; unpack it first.`,
      { subject: path },
    );
  }
  const cut = () =>
    new StudioError('file/truncated', `${path} ends before its compressed data is complete.`, {
      subject: path,
    });
  // Of a file that was cut off, the last four bytes are any number.
  if (size > blob.size * MAX_DEFLATE_RATIO) throw cut();
  if (size > unfoldLimit(blob.size)) {
    throw new StudioError(
      'file/too-large',
      `${path} unpacks to far more than a file of its size should hold, so it is refused.`,
      { subject: path },
    );
  }
  const out = new Uint8Array(size);
  let length = 0;
  const reader = unpacked(blob).getReader();
  try {
    for (;;) {
      throwIfAborted(options.signal);
      const next = await reader.read();
      if (next.done) break;
      if (length + next.value.length > size) throw cut();
      out.set(next.value, length);
      length += next.value.length;
      options.onProgress?.(length, size, `Unpacking ${path}`);
    }
  } catch (cause) {
    await reader.cancel().catch(() => undefined);
    if (cause instanceof StudioError) throw cause;
    const text = `${cause instanceof Error ? cause.message : ''}`;
    if (/unexpected end|truncated|incomplete/i.test(text)) throw cut();
    throw new StudioError('format/malformed', `${path} is a damaged gzip file.`, { subject: path, cause });
  }
  if (length !== size) throw cut();
  return out;
}

function unpacked(blob: Blob): ReadableStream<Uint8Array<ArrayBuffer>> {
  return blob.stream().pipeThrough(new DecompressionStream('gzip'));
}
