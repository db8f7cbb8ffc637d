import { describe, expect, it } from 'vitest';
import { openBrowserBackend, openBrowserStore } from './browserStore';
import { describeRunStore } from './runStore.suite';

// Named for the projects that run in Chrome: IndexedDB and the private file system are only there.
const inBrowser = 'indexedDB' in globalThis;

let places = 0;

describe.runIf(inBrowser)('in the browser', () => {
  for (const files of ['private file system', 'database'] as const) {
    describeRunStore(`IndexedDB with the ${files}`, () => {
      const name = `refine-studio-test-${Date.now()}-${places++}`;
      return Promise.resolve(() => openBrowserBackend(name, files === 'private file system'));
    });
  }

  it('opens the studio’s own store without a notice', async () => {
    const store = await openBrowserStore();
    expect(store.notice).toBeNull();
    expect(store.kind).toBe('opfs');
  });
});

describe.skipIf(inBrowser)('outside a browser', () => {
  it('has no store that lasts', async () => {
    expect((await openBrowserStore()).kind).toBe('memory');
  });
});
