import { createTarDecoder, type ParsedTarEntry } from 'modern-tar';
import { StudioError } from '../../protocol/errors';
import { readRange, type InputFile } from '../input';
import { throwIfAborted } from './abort';
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_ENTRIES, type OpenOptions } from './format';
import { unfoldLimit } from '../unfoldLimit';
import { safePath } from './paths';

/** A file inside an archive. Its body can be read until the next member is asked for. */
export interface TarMember {
  readonly path: string;
  readonly size: number;
  /** The bytes in pieces of any length, in order; together exactly `size`. */
  readonly body: AsyncIterable<Uint8Array>;
}

/** Whether a file begins like gzip or like a tar header. */
export async function looksLikeTar(file: InputFile): Promise<boolean> {
  const head = await readRange(file.blob, 0, 263);
  return isGzip(head) || String.fromCharCode(...head.subarray(257, 262)) === 'ustar';
}

function isGzip(head: Uint8Array): boolean {
  return head[0] === 0x1f && head[1] === 0x8b;
}

/**
 * The files of a `.tar` or `.tar.gz`, streamed once: at most about a megabyte of the archive is in memory.
 * @throws StudioError `file/truncated`, `file/unsafe-path`, `file/too-large`, `format/malformed`, `aborted`.
 */
export async function* tarMembers(file: InputFile, options: OpenOptions): AsyncGenerator<TarMember> {
  const reader = (await memberStream(file, options)).getReader();
  const maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES;
  let finished = false;
  try {
    for (let count = 0; ; count++) {
      throwIfAborted(options.signal);
      const { done, value } = await reader
        .read()
        .catch((cause: unknown) => Promise.reject(asTarError(cause, file)));
      if (done) break;
      if (count >= maxEntries) throw tooLarge(file, `more than ${maxEntries} members`);
      if (value.header.type !== 'file') {
        await value.body.cancel();
        continue;
      }
      const path = safePath(value.header.name, file.path);
      const size = checkedSize(value, file, options);
      const body = value.body.getReader();
      yield { path, size, body: piecesOf(body, file) };
      // What the consumer left unread would otherwise hold the stream up.
      await body.cancel().catch(() => undefined);
    }
    finished = true;
  } finally {
    // A consumer that has seen enough stops the stream; its errors no longer matter to anybody.
    if (!finished) await reader.cancel(new StudioError('aborted', 'Reading stopped.')).catch(() => undefined);
  }
}

async function memberStream(file: InputFile, options: OpenOptions): Promise<ReadableStream<ParsedTarEntry>> {
  const gzip = isGzip(await readRange(file.blob, 0, 2));
  const packed = file.blob.stream().pipeThrough(countPacked(file, options));
  const bytes = gzip ? packed.pipeThrough(new DecompressionStream('gzip')) : packed;
  return bytes.pipeThrough(capUnpacked(file, options)).pipeThrough(createTarDecoder({ strict: true }));
}

type ByteTransform = TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>;

/** Progress is counted in bytes of the file, whose total is known. */
function countPacked(file: InputFile, options: OpenOptions): ByteTransform {
  let done = 0;
  return new TransformStream({
    transform(chunk, controller) {
      throwIfAborted(options.signal);
      done += chunk.length;
      options.onProgress?.(done, file.blob.size, `Reading ${file.path}`);
      controller.enqueue(chunk);
    },
  });
}

function capUnpacked(file: InputFile, options: OpenOptions): ByteTransform {
  const cap = Math.min(options.maxBytes ?? DEFAULT_MAX_BYTES, unfoldLimit(file.blob.size));
  let total = 0;
  return new TransformStream({
    transform(chunk, controller) {
      total += chunk.length;
      if (total > cap) throw tooLarge(file, `more than ${cap} bytes once unpacked`);
      controller.enqueue(chunk);
    },
  });
}

function checkedSize(entry: ParsedTarEntry, file: InputFile, options: OpenOptions): number {
  const { size, name } = entry.header;
  if (!Number.isSafeInteger(size) || size < 0) {
    throw new StudioError(
      'format/malformed',
      `${file.path} is damaged: its member ${name} has no valid size.`,
      {
        subject: file.path,
      },
    );
  }
  const cap = Math.min(options.maxBytes ?? DEFAULT_MAX_BYTES, unfoldLimit(file.blob.size));
  if (size > cap) throw tooLarge(file, `a member of ${size} bytes`);
  return size;
}

async function* piecesOf(
  reader: ReadableStreamDefaultReader<Uint8Array>,
  file: InputFile,
): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader
      .read()
      .catch((cause: unknown) => Promise.reject(asTarError(cause, file)));
    if (done) return;
    yield value;
  }
}

function tooLarge(file: InputFile, what: string): StudioError {
  return new StudioError('file/too-large', `${file.path} has ${what}, which is more than the studio opens.`, {
    subject: file.path,
  });
}

/** Names what the streams report: both Chrome's and Node's gzip say little, so the file's end is the likely cause. */
function asTarError(cause: unknown, file: InputFile): StudioError {
  if (cause instanceof StudioError) return cause;
  const code = cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
  const text = `${cause instanceof Error ? cause.message : String(cause)} ${code}`;
  const options = { subject: file.path, cause };
  if (
    /truncated|unexpected end|end of (?:file|stream)|Z_BUF_ERROR|incomplete|Compressed input was truncated/i.test(
      text,
    )
  ) {
    return new StudioError('file/truncated', `${file.path} ends before the archive is complete.`, options);
  }
  return new StudioError('format/malformed', `${file.path} is damaged or is not a tar archive.`, options);
}
