import { writeError } from './errors';

/** Bytes under keys in one directory of the origin's private file system. */
export interface OpfsFiles {
  read(key: string): Promise<Blob | null>;
  write(key: string, bytes: Blob | Uint8Array): Promise<void>;
  remove(key: string): Promise<void>;
  list(prefix: string): Promise<string[]>;
}

/** Copying a large file goes in pieces of this size, so that it is never whole in memory. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** The methods of synchronous access, which only workers have. */
interface SyncHandle {
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(size: number): void;
  flush(): void;
  close(): void;
}
type SyncCapable = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncHandle> };

/** Opens the directory, or gives null where the browser has no private file system or denies it (private windows). */
export async function openOpfsFiles(folder: string): Promise<OpfsFiles | null> {
  const storage = (globalThis.navigator as Navigator | undefined)?.storage;
  if (typeof storage?.getDirectory !== 'function') return null;
  try {
    const root = await storage.getDirectory();
    const directory = await root.getDirectoryHandle(folder, { create: true });
    const probe = await directory.getFileHandle('probe', { create: true });
    const writable = canWrite(probe);
    await directory.removeEntry(probe.name);
    return writable ? inDirectory(directory) : null;
  } catch {
    return null;
  }
}

function canWrite(handle: SyncCapable): boolean {
  return typeof handle.createSyncAccessHandle === 'function' || typeof handle.createWritable === 'function';
}

function inDirectory(directory: FileSystemDirectoryHandle): OpfsFiles {
  const name = (key: string) => encodeURIComponent(key);
  return {
    async read(key) {
      try {
        return await (await directory.getFileHandle(name(key))).getFile();
      } catch (error) {
        if (isNotFound(error)) return null;
        throw error;
      }
    },
    async write(key, bytes) {
      try {
        const handle: SyncCapable = await directory.getFileHandle(name(key), { create: true });
        if (handle.createSyncAccessHandle) await writeSync(await handle.createSyncAccessHandle(), bytes);
        else await writeStream(handle, bytes);
      } catch (error) {
        await directory.removeEntry(name(key)).catch(() => undefined);
        throw writeError(error, 'a file');
      }
    },
    async remove(key) {
      try {
        await directory.removeEntry(name(key));
      } catch (error) {
        if (!isNotFound(error)) throw error;
      }
    },
    async list(prefix) {
      const found: string[] = [];
      for await (const entry of directory.keys()) {
        const key = decodeURIComponent(entry);
        if (key.startsWith(prefix)) found.push(key);
      }
      return found.sort();
    },
  };
}

async function writeSync(handle: SyncHandle, bytes: Blob | Uint8Array): Promise<void> {
  try {
    handle.truncate(0);
    let at = 0;
    for await (const piece of pieces(bytes)) {
      const written = handle.write(piece, { at });
      if (written !== piece.byteLength) throw new DOMException('Short write', 'QuotaExceededError');
      at += written;
    }
    handle.flush();
  } finally {
    handle.close();
  }
}

async function writeStream(handle: FileSystemFileHandle, bytes: Blob | Uint8Array): Promise<void> {
  const stream = await handle.createWritable();
  try {
    for await (const piece of pieces(bytes)) await stream.write(piece);
    await stream.close();
  } catch (error) {
    await stream.abort().catch(() => undefined);
    throw error;
  }
}

async function* pieces(bytes: Blob | Uint8Array): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  if (bytes instanceof Uint8Array) {
    yield bytes as Uint8Array<ArrayBuffer>;
    return;
  }
  for (let at = 0; at < bytes.size; at += PIECE_BYTES) {
    yield new Uint8Array(await bytes.slice(at, at + PIECE_BYTES).arrayBuffer());
  }
}

function isNotFound(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NotFoundError';
}
