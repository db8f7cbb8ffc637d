import { describe, expect, it } from 'vitest';
import { createMemoryStore } from '../../storage/memoryStore';
import { SessionFiles } from './sessionFiles';

const file = (path: string, text: string) => ({ path, blob: new Blob([text]) });
const textsOf = async (files: SessionFiles) =>
  Promise.all((await files.weights()).map(async ({ path, blob }) => [path, await blob.text()]));

describe('SessionFiles', () => {
  it('keeps files of weights over a reload, one of each path, and lets the oldest go', async () => {
    const store = createMemoryStore();
    const before = new SessionFiles(store);
    before.keepWeights(file('benign.pth', 'old'));
    before.keepWeights(file('start.pth', 'unet'));
    before.keepWeights(file('benign.pth', 'new'));
    const after = new SessionFiles(store);
    // The reload comes once what was under way is written.
    await before.weights();
    expect(await textsOf(after)).toEqual([
      ['start.pth', 'unet'],
      ['benign.pth', 'new'],
    ]);
    for (const name of ['a', 'b', 'c']) after.keepWeights(file(name, name));
    expect((await after.weights()).map(({ path }) => path)).toEqual(['benign.pth', 'a', 'b', 'c']);
    expect(await after.images()).toEqual([]);
    await after.clear();
    expect(await new SessionFiles(store).weights()).toEqual([]);
  });

  it('offers nothing, and throws nothing, where the store fails', async () => {
    const store = createMemoryStore();
    const failing = new SessionFiles({
      ...store,
      writeSession: () => Promise.reject(new Error('full')),
      readSession: () => Promise.reject(new Error('broken')),
    });
    failing.keepWeights(file('benign.pth', 'x'));
    expect(await failing.weights()).toEqual([]);
    expect(await failing.model()).toBeNull();
  });
});
