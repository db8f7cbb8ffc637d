import { BlobReader, type FileEntry, ZipReader } from '@zip.js/zip.js';
import { StudioError } from '../protocol/errors';
import { type InputFile, readRange } from './input';
import { unfoldLimit } from './unfoldLimit';

/** Entries listed at most: ImageNet-sized folders are below; a directory of more is hostile. */
const MAX_ENTRIES = 2_000_000;

/** The files of a zip, read lazily: opening reads only the directory at its end. */
export interface ZipFiles {
  readonly names: readonly string[];
  /** Uncompressed size as the directory declares it, or null where there is no such file. */
  sizeOf(name: string): number | null;
  /** A file's bytes, stored or deflated. Throws `file/missing`, `file/truncated`, `file/too-large`, `format/malformed`. */
  read(name: string): Promise<Uint8Array<ArrayBuffer>>;
}

/**
 * Opens a zip without reading its files. What all reads together inflate is capped by the archive's own size, and
 * each file by its declared size, so that a bomb fails early. Names are given as they stand, never resolved.
 */
export async function openZip(file: InputFile): Promise<ZipFiles> {
  const entries = new Map<string, FileEntry>();
  const reader = new ZipReader(new BlobReader(file.blob), { useWebWorkers: false });
  try {
    for await (const entry of reader.getEntriesGenerator()) {
      if (entries.size >= MAX_ENTRIES) throw malformed(file, 'it lists millions of files');
      if (!entry.directory) entries.set(entry.filename, entry);
    }
  } catch (cause) {
    throw cause instanceof StudioError ? cause : directoryError(file, cause);
  }
  let allowanceBytes = unfoldLimit(file.blob.size);
  return {
    names: [...entries.keys()],
    sizeOf: (name) => entries.get(name)?.uncompressedSize ?? null,
    read: async (name) => {
      const entry = entries.get(name);
      if (entry === undefined)
        throw new StudioError('file/missing', `${file.path} has no part ${name}.`, { subject: file.path });
      allowanceBytes -= entry.uncompressedSize;
      if (allowanceBytes < 0) throw tooLarge(file);
      return entry.compressionMethod === 0 && !entry.encrypted
        ? readStored(file, entry)
        : readInflated(file, entry);
    },
  };
}

/** A stored file is a plain range of the archive behind its local header (30 bytes, name, extra field). */
async function readStored(file: InputFile, entry: FileEntry): Promise<Uint8Array<ArrayBuffer>> {
  const header = await readRange(file.blob, entry.offset, entry.offset + 30);
  const view = new DataView(header.buffer);
  if (header.length < 30 || view.getUint32(0, true) !== 0x04034b50) {
    throw malformed(file, `its part ${entry.filename} is not where the directory says`);
  }
  const start = entry.offset + 30 + view.getUint16(26, true) + view.getUint16(28, true);
  if (entry.compressedSize !== entry.uncompressedSize)
    throw malformed(file, `its part ${entry.filename} has two sizes`);
  const bytes = await readRange(file.blob, start, start + entry.uncompressedSize);
  if (bytes.length !== entry.uncompressedSize) throw cutOff(file);
  return bytes;
}

async function readInflated(file: InputFile, entry: FileEntry): Promise<Uint8Array<ArrayBuffer>> {
  if (entry.uncompressedSize > 1032 * entry.compressedSize + 64) {
    throw malformed(file, `its part ${entry.filename} declares more than its bytes can hold`);
  }
  const out = new Uint8Array(entry.uncompressedSize);
  let length = 0;
  const sink = new WritableStream<Uint8Array>({
    write(chunk) {
      if (length + chunk.length > out.length) throw tooLarge(file);
      out.set(chunk, length);
      length += chunk.length;
    },
  });
  try {
    await entry.getData(sink, { useWebWorkers: false });
  } catch (cause) {
    if (cause instanceof StudioError) throw cause;
    throw malformed(file, `its part ${entry.filename} cannot be unpacked`, cause);
  }
  if (length !== out.length) throw malformed(file, `its part ${entry.filename} is shorter than declared`);
  return out;
}

function directoryError(file: InputFile, cause: unknown): StudioError {
  const text = cause instanceof Error ? cause.message : '';
  return /end of central directory|not found/i.test(text)
    ? cutOff(file, cause)
    : malformed(file, 'its directory cannot be read', cause);
}

function malformed(file: InputFile, reason: string, cause?: unknown): StudioError {
  return new StudioError('format/malformed', `${file.path} is a damaged zip archive: ${reason}.`, {
    subject: file.path,
    cause,
  });
}

function cutOff(file: InputFile, cause?: unknown): StudioError {
  return new StudioError(
    'file/truncated',
    `${file.path} is cut off: the end of the archive is missing. Download or copy it again.`,
    {
      subject: file.path,
      cause,
    },
  );
}

function tooLarge(file: InputFile): StudioError {
  return new StudioError(
    'file/too-large',
    `${file.path} unpacks to far more than a file of its size should hold, so it is refused.`,
    {
      subject: file.path,
    },
  );
}
