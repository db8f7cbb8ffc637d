import { BlobReader, ZipReader, type Entry } from '@zip.js/zip.js';
import { StudioError } from '../../protocol/errors';
import type { InputFile } from '../input';
import { unfoldLimit } from '../unfoldLimit';
import { throwIfAborted } from './abort';
import { DEFAULT_MAX_BYTES, DEFAULT_MAX_ENTRIES, type OpenOptions } from './format';
import { safePath } from './paths';

/** What the studio keeps of a central directory entry: a few numbers, since there may be a million. */
export interface ZipMember {
  readonly path: string;
  /** Where the local header begins in the file. */
  readonly offset: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly packedSize: number;
  readonly size: number;
  readonly crc: number;
}

/** How often listing looks at the signal and reports. */
const REPORT_EVERY = 2000;

/**
 * The files of a zip from its central directory (Zip64 included); no file's data is read.
 * @throws StudioError `file/truncated`, `format/malformed`, `format/unsupported` (encrypted), `file/unsafe-path`,
 *   `file/too-large`, `aborted`.
 */
export async function zipDirectory(file: InputFile, options: OpenOptions): Promise<ZipMember[]> {
  const members: ZipMember[] = [];
  const reader = new ZipReader(new BlobReader(file.blob), {
    useWebWorkers: false,
    filenameValidation: 'tolerant', // `safePath` decides, for tar and zip alike
  });
  const maxBytes = Math.min(options.maxBytes ?? DEFAULT_MAX_BYTES, unfoldLimit(file.blob.size));
  const maxEntries = options.maxEntries ?? DEFAULT_MAX_ENTRIES;
  let total = 0;
  let seen = 0;
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (seen++ % REPORT_EVERY === 0) {
        throwIfAborted(options.signal);
        options.onProgress?.(seen, null, `Listing ${file.path}`);
      }
      const path = safePath(entry.filename, file.path);
      if (seen > maxEntries) throw tooLarge(file, `more than ${maxEntries} entries`);
      if (entry.directory) continue;
      if (entry.encrypted) {
        throw new StudioError('format/unsupported', `${file.path} is encrypted; unpack it first.`, {
          subject: file.path,
        });
      }
      total += entry.uncompressedSize;
      if (total > maxBytes) throw tooLarge(file, `more than ${maxBytes} bytes once unpacked`);
      members.push(memberOf(entry, path));
    }
  } catch (cause) {
    throw asZipError(cause, file);
  } finally {
    await reader.close().catch(() => undefined);
  }
  return members;
}

function memberOf(entry: Entry, path: string): ZipMember {
  return {
    path,
    offset: entry.offset,
    method: entry.compressionMethod,
    packedSize: entry.compressedSize,
    size: entry.uncompressedSize,
    crc: (entry.signature ?? 0) >>> 0,
  };
}

function tooLarge(file: InputFile, what: string): StudioError {
  return new StudioError('file/too-large', `${file.path} has ${what}, which is more than the studio opens.`, {
    subject: file.path,
  });
}

function asZipError(cause: unknown, file: InputFile): StudioError {
  if (cause instanceof StudioError) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const options = { subject: file.path, cause };
  if (/End of central directory|Split zip/i.test(text)) {
    return new StudioError(
      'file/truncated',
      `${file.path} has no zip directory at its end: it was cut short or is not a zip.`,
      options,
    );
  }
  return new StudioError(
    'format/malformed',
    `${file.path} is damaged: its zip directory cannot be read.`,
    options,
  );
}
