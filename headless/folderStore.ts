import { mkdir, open, readdir, readFile, rename, rm, statfs } from 'node:fs/promises';
import { existsSync, openAsBlob } from 'node:fs';
import { join } from 'node:path';
import type { StorageBackend } from '../src/storage/backend';
import { corrupt, writeError } from '../src/storage/errors';
import { createKeyedRunStore } from '../src/storage/keyedRunStore';
import type { RunStore } from '../src/storage/runStore';

/**
 * Keeps runs in a folder on disk: `json/` and `bytes/`, one file a key. A file is written beside its place, synced, and
 * renamed into it, so an interrupted write leaves the old one.
 */
export async function openFolderStore(folder: string): Promise<RunStore> {
  return createKeyedRunStore(await openFolderBackend(folder));
}

/** The backend behind `openFolderStore`. */
export async function openFolderBackend(folder: string): Promise<StorageBackend> {
  const json = join(folder, 'json');
  const bytes = join(folder, 'bytes');
  await mkdir(json, { recursive: true });
  await mkdir(bytes, { recursive: true });
  return {
    kind: 'folder',
    async readJson(key) {
      const text = await readFile(join(json, fileName(key)), 'utf8').catch(missing);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as unknown;
      } catch {
        throw corrupt(key, 'it is not JSON');
      }
    },
    writeJson: (key, value) => put(json, key, new TextEncoder().encode(JSON.stringify(value ?? null))),
    deleteJson: (key) => rm(join(json, fileName(key)), { force: true }),
    listJson: (prefix) => list(json, prefix),
    async readBytes(key) {
      const path = join(bytes, fileName(key));
      // The blob is read from the file when asked; names are never written twice, so it stays what it was.
      return existsSync(path) ? await openAsBlob(path) : null;
    },
    writeBytes: (key, value) => put(bytes, key, value),
    deleteBytes: (key) => rm(join(bytes, fileName(key)), { force: true }),
    listBytes: (prefix) => list(bytes, prefix),
    async freeBytes() {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

const PARTIAL = '.partial';

function fileName(key: string): string {
  return encodeURIComponent(key);
}

async function list(folder: string, prefix: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => !name.endsWith(PARTIAL))
    .map((name) => decodeURIComponent(name))
    .filter((key) => key.startsWith(prefix))
    .sort();
}

async function put(folder: string, key: string, value: Blob | Uint8Array): Promise<void> {
  const path = join(folder, fileName(key));
  const partial = `${path}${PARTIAL}`;
  try {
    const file = await open(partial, 'w');
    try {
      if (value instanceof Uint8Array) await file.writeFile(value);
      else for await (const piece of value.stream()) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(partial, path);
  } catch (error) {
    await rm(partial, { force: true });
    throw writeError(error, key);
  }
}

function missing(error: unknown): undefined {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
  throw error;
}
