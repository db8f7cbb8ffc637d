import { expect, it } from 'vitest';
import { StudioError } from '../protocol/errors';
import { openBrowserStore } from './browserStore';
import { createMemoryBackend, createMemoryStore } from './memoryStore';
import { describeRunStore } from './runStore.suite';

describeRunStore('memory', () => {
  const backend = createMemoryBackend();
  return Promise.resolve(() => Promise.resolve(backend));
});

it('a memory store carries the notice it was made with', () => {
  const notice = new StudioError('storage/unavailable', 'x');
  expect(createMemoryStore(notice).notice).toBe(notice);
});

it('the browser store falls back to memory, with a notice, where there is no IndexedDB', async () => {
  expect('indexedDB' in globalThis).toBe(false);
  const store = await openBrowserStore();
  expect(store.kind).toBe('memory');
  expect(store.notice?.code).toBe('storage/unavailable');
});
