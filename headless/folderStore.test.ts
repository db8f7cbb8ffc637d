import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { describeRunStore } from '../src/storage/runStore.suite';
import { openFolderBackend } from './folderStore';

const folders: string[] = [];
const place = async () => {
  const folder = await mkdtemp(join(tmpdir(), 'refine-store-'));
  folders.push(folder);
  return folder;
};
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

describeRunStore('folder', async () => {
  const folder = await place();
  return () => openFolderBackend(folder);
});

describe('openFolderBackend', () => {
  it('neither lists nor reads what an interrupted write left', async () => {
    const folder = await place();
    const backend = await openFolderBackend(folder);
    await backend.writeJson('runs/a', 1);
    await writeFile(join(folder, 'json', 'runs%2Fb.partial'), '{"half":');
    expect(await backend.listJson('runs/')).toEqual(['runs/a']);
    expect(await backend.readJson('runs/b')).toBeUndefined();
  });

  it('reports JSON that does not parse as damaged', async () => {
    const folder = await place();
    const backend = await openFolderBackend(folder);
    await writeFile(join(folder, 'json', 'runs%2Fb'), '{"half":');
    await expect(backend.readJson('runs/b')).rejects.toMatchObject({ code: 'storage/corrupt' });
  });

  it('copies large blobs whole and leaves no partial file', async () => {
    const folder = await place();
    const backend = await openFolderBackend(folder);
    const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 253);
    await backend.writeBytes('x', new Blob([bytes]));
    const read = await backend.readBytes('x');
    expect(Buffer.from(await read!.arrayBuffer()).equals(Buffer.from(bytes))).toBe(true);
    expect(await readdir(join(folder, 'bytes'))).toEqual(['x']);
  });
});
