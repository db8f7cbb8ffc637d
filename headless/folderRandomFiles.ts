import { link, mkdir, open, readdir, readFile, rename, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RandomFile, RandomFiles } from '../src/storage/randomFiles';

const LOCK = '.lock';
const isCode = (error: unknown, code: string) => (error as NodeJS.ErrnoException).code === code;

/**
 * Files in a folder on disk, which only this user may read. A file that is open has a lock file beside it with the process's number;
 * that of a process that is gone counts for nothing.
 * @throws where the folder belongs to somebody else, or cannot be made.
 */
export async function openFolderRandomFiles(folder: string): Promise<RandomFiles> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const own = process.getuid?.();
  if (own !== undefined && (await stat(folder)).uid !== own)
    throw new Error(`${folder} belongs to another user.`);
  return {
    async open(name) {
      const path = join(folder, name);
      if (!(await takeLock(path))) return null;
      try {
        const file = await open(path, 'r+').catch((error: unknown) => {
          if (isCode(error, 'ENOENT')) return open(path, 'w+');
          throw error;
        });
        return overHandle(file, () => rm(path + LOCK, { force: true }));
      } catch (error) {
        await rm(path + LOCK, { force: true });
        throw error;
      }
    },
    async head(name, bytes) {
      const file = await open(join(folder, name), 'r').catch(() => null);
      if (file === null) return null;
      try {
        const { buffer, bytesRead } = await file.read(new Uint8Array(bytes), 0, bytes, 0);
        return buffer.subarray(0, bytesRead);
      } finally {
        await file.close();
      }
    },
    async remove(name) {
      const path = join(folder, name);
      if (!(await takeLock(path))) return false;
      await rm(path, { force: true });
      await rm(path + LOCK, { force: true });
      return true;
    },
    async list() {
      const names = (await readdir(folder)).filter((name) => !name.includes(LOCK));
      const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).catch(() => null)));
      return names.flatMap((name, i) => (sizes[i] ? [{ name, sizeBytes: sizes[i].size }] : []));
    },
    async freeBytes() {
      const { bavail, bsize } = await statfs(folder);
      return bavail * bsize;
    },
  };
}

function overHandle(file: Awaited<ReturnType<typeof open>>, release: () => Promise<void>): RandomFile {
  return {
    read: async (into, at) => (await file.read(into, 0, into.length, at)).bytesRead,
    write: async (bytes, at) => (await file.write(bytes, 0, bytes.length, at)).bytesWritten,
    flush: () => file.datasync(),
    resize: (sizeBytes) => file.truncate(sizeBytes),
    size: async () => (await file.stat()).size,
    async close() {
      await file.close();
      await release();
    },
  };
}

/** @returns false where a process that is alive, this one included, has the file. */
async function takeLock(path: string): Promise<boolean> {
  const lock = path + LOCK;
  const own = `${lock}-${process.pid}`;
  // Written first and linked then, so that a lock is never seen without its number.
  await writeFile(own, String(process.pid));
  try {
    if (await linked(own, lock)) return true;
    const holder = await readFile(lock, 'utf8').catch(() => '');
    if (isAlive(Number(holder))) return false;
    const gone = `${own}-gone`;
    await rename(lock, gone).catch(() => undefined);
    // Somebody else may have taken it over in between.
    const moved = await readFile(gone, 'utf8').catch(() => holder);
    if (moved !== holder) await linked(gone, lock);
    await rm(gone, { force: true });
    return await linked(own, lock);
  } finally {
    await rm(own, { force: true });
  }
}

/** Gives a file a second name; false where that is taken. */
async function linked(path: string, name: string): Promise<boolean> {
  try {
    await link(path, name);
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

function isAlive(pid: number): boolean {
  if (!Number.isInteger(pid) || pid < 1) return false;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return isCode(error, 'EPERM');
  }
}
