import { describe, expect, it } from 'vitest';
import { DECODED_SCENARIOS } from './decodedScenarios';
import { openOpfsRandomFiles } from './opfsRandomFiles';
import type { WorkerTask } from './opfsScenarios.worker';

// Named for the projects that run in Chrome: the private file system is only there, and synchronous access only in its workers.
const inBrowser = 'indexedDB' in globalThis;

let places = 0;
const place = () => `refine-decoded-test-${Date.now()}-${places++}`;

function start(): { ask(task: WorkerTask): Promise<unknown>; end(): void } {
  const worker = new Worker(new URL('./opfsScenarios.worker.ts', import.meta.url), { type: 'module' });
  return {
    ask: (task) =>
      new Promise((resolve, reject) => {
        worker.onmessage = ({ data }: MessageEvent<{ result?: unknown; error?: string }>) =>
          data.error === undefined ? resolve(data.result) : reject(new Error(data.error));
        worker.onerror = ({ message }) => reject(new Error(message));
        worker.postMessage(task);
      }),
    end: () => worker.terminate(),
  };
}

describe.runIf(inBrowser)('decoded images in the private file system', () => {
  it.each(Object.keys(DECODED_SCENARIOS))('%s', async (name) => {
    const worker = start();
    expect(await worker.ask({ kind: 'scenario', name, folder: place() })).toBe('holds');
    worker.end();
  });

  it('keeps another worker out, and shows it whole images after this one was killed', async () => {
    const folder = place();
    const [one, two] = [start(), start()];
    await one.ask({ kind: 'hold', folder, commit: [1, 2, 99], write: [5] });
    expect(await two.ask({ kind: 'look', folder })).toBe('in-use');
    one.end();
    // The browser gives the files free a moment after the worker has ended.
    await expect.poll(() => two.ask({ kind: 'look', folder }), { timeout: 10_000 }).toEqual([1, 2, 99]);
    two.end();
  });

  it('is not to be had on the page itself, which has no synchronous access', async () => {
    expect(await openOpfsRandomFiles(place())).toBeNull();
  });
});

describe.skipIf(inBrowser)('outside a browser', () => {
  it('has no private file system', async () => {
    expect(await openOpfsRandomFiles(place())).toBeNull();
  });
});
