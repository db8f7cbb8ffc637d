import { spawnSync } from 'node:child_process';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DECODED_SCENARIOS } from '../src/storage/decodedScenarios';
import { openFolderRandomFiles } from './folderRandomFiles';

const folders: string[] = [];
const place = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refine-decoded-'));
  folders.push(folder);
  return join(folder, 'decoded');
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describe.each(Object.entries(DECODED_SCENARIOS))('decoded images in a folder: %s', (_, scenario) => {
  it('holds', async () => {
    const folder = await place();
    await scenario(() => openFolderRandomFiles(folder));
    expect((await readdir(folder)).filter((name) => name.includes('.lock'))).toEqual([]);
  });
});

describe('openFolderRandomFiles', () => {
  it('takes over the lock of a process that is gone, and not that of one that lives', async () => {
    const folder = await place();
    const files = await openFolderRandomFiles(folder);
    const gone = spawnSync(process.execPath, ['-e', 'console.log(process.pid)'], { encoding: 'utf8' });
    await writeFile(join(folder, 'a.lock'), gone.stdout.trim());
    await writeFile(join(folder, 'b.lock'), String(process.ppid));
    expect(await files.open('a')).not.toBeNull();
    expect(await files.open('a')).toBeNull();
    expect(await files.open('b')).toBeNull();
    expect(await files.remove('b')).toBe(false);
  });

  it('lets nobody else read what it keeps', async () => {
    const folder = await place();
    await openFolderRandomFiles(folder);
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });
});
