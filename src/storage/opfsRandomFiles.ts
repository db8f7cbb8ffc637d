import type { RandomFile, RandomFiles } from './randomFiles';

/** Synchronous access as workers have it; its lock is the browser's own, over every tab. */
interface SyncHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array, options: { at: number }): number;
  truncate(sizeBytes: number): void;
  getSize(): number;
  flush(): void;
  close(): void;
}
type SyncCapable = FileSystemFileHandle & { createSyncAccessHandle?: () => Promise<SyncHandle> };

/** A worker that was ended, by a reload or a restart, lets its files go a moment later. */
const LOCK_ATTEMPTS = 6;
const LOCK_PAUSE_MS = 200;

/** The origin's private file system, in one folder; null where there is none, or no synchronous access to it (outside workers). */
export async function openOpfsRandomFiles(folder: string): Promise<RandomFiles | null> {
  const storage = (globalThis.navigator as Navigator | undefined)?.storage;
  if (typeof storage?.getDirectory !== 'function') return null;
  try {
    const directory = await (await storage.getDirectory()).getDirectoryHandle(folder, { create: true });
    const probe: SyncCapable = await directory.getFileHandle('probe', { create: true });
    const able = typeof probe.createSyncAccessHandle === 'function';
    // Another tab may be probing at this moment; what is left is an empty file.
    await directory.removeEntry(probe.name).catch(() => undefined);
    return able ? inDirectory(directory) : null;
  } catch {
    return null;
  }
}

function inDirectory(directory: FileSystemDirectoryHandle): RandomFiles {
  return {
    async open(name) {
      const file: SyncCapable = await directory.getFileHandle(name, { create: true });
      for (let attempt = 1; ; attempt++) {
        try {
          const handle = await file.createSyncAccessHandle?.();
          return handle ? overHandle(handle) : null;
        } catch (error) {
          if (!isLocked(error)) throw error;
          if (attempt === LOCK_ATTEMPTS) return null;
        }
        await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
      }
    },
    async head(name, bytes) {
      try {
        const file = await (await directory.getFileHandle(name)).getFile();
        return new Uint8Array(await file.slice(0, bytes).arrayBuffer());
      } catch {
        return null;
      }
    },
    async remove(name) {
      try {
        await directory.removeEntry(name);
        return true;
      } catch (error) {
        if (error instanceof DOMException && error.name === 'NotFoundError') return true;
        if (isLocked(error)) return false;
        throw error;
      }
    },
    async list() {
      const found: { name: string; sizeBytes: number }[] = [];
      for await (const [name, entry] of directory.entries()) {
        if (entry.kind !== 'file') continue;
        const file = await entry.getFile().catch(() => null);
        found.push({ name, sizeBytes: file?.size ?? 0 });
      }
      return found;
    },
    async freeBytes() {
      const { quota, usage } = await navigator.storage.estimate();
      return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
    },
  };
}

function overHandle(handle: SyncHandle): RandomFile {
  return {
    read: (into, at) => handle.read(into, { at }),
    write: (bytes, at) => handle.write(bytes, { at }),
    flush: () => handle.flush(),
    resize: (sizeBytes) => handle.truncate(sizeBytes),
    size: () => handle.getSize(),
    close: () => handle.close(),
  };
}

function isLocked(error: unknown): boolean {
  return error instanceof DOMException && error.name === 'NoModificationAllowedError';
}
