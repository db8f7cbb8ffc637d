import { describe, expect, it } from 'vitest';
import { type EntryLike, filesOfEntry, filesOfInput } from './collectFiles';

const file = (fullPath: string): EntryLike => ({
  isFile: true,
  isDirectory: false,
  fullPath,
  file: (resolve) => resolve(new File(['x'], fullPath)),
});

/** A folder that gives its entries in portions of 100, as Chrome does. */
const folder = (fullPath: string, children: readonly EntryLike[]): EntryLike => ({
  isFile: false,
  isDirectory: true,
  fullPath,
  createReader: () => {
    let at = 0;
    return {
      readEntries: (resolve) => {
        resolve(children.slice(at, at + 100));
        at += 100;
      },
    };
  },
});

describe('collectFiles', () => {
  it('walks folders to their ends, past the first hundred entries', async () => {
    const cats = Array.from({ length: 257 }, (_, index) => file(`/set/train/cat/${index}.png`));
    const dogs = Array.from({ length: 100 }, (_, index) => file(`/set/train/dog/${index}.png`));
    const found = await filesOfEntry(
      folder('/set', [
        folder('/set/train', [folder('/set/train/cat', cats), folder('/set/train/dog', dogs)]),
      ]),
    );
    expect(found).toHaveLength(357);
    expect(found[0]?.path).toBe('set/train/cat/0.png');
    expect(new Set(found.map(({ path }) => path)).size).toBe(357);
  });

  it('leaves out what operating systems scatter', async () => {
    const found = await filesOfEntry(
      folder('/set', [
        file('/set/.DS_Store'),
        file('/set/Thumbs.db'),
        folder('/set/__MACOSX', [file('/set/__MACOSX/a.png')]),
        file('/set/a.png'),
      ]),
    );
    expect(found.map(({ path }) => path)).toEqual(['set/a.png']);
  });

  it('names chosen files by their place in the folder', () => {
    const chosen = Object.assign(new File(['x'], '1.png'), { webkitRelativePath: 'set/train/cat/1.png' });
    expect(filesOfInput([chosen, new File(['x'], 'm.pth')]).map(({ path }) => path)).toEqual([
      'set/train/cat/1.png',
      'm.pth',
    ]);
  });
});
