import { afterEach, describe, expect, it, vi } from 'vitest';
import { createWorkerClient, type WorkerLike } from '../../src/app/workerClient';
import { StudioError } from '../../src/protocol/errors';
import type { WorkerEvent } from '../../src/protocol/messages';
import { serve, type Handlers, type RpcServer } from '../../src/worker/rpc';

interface FakeWorker extends WorkerLike {
  readonly server: RpcServer;
  crash(): void;
  terminated: boolean;
}

const ports: MessagePort[] = [];
afterEach(() => {
  for (const port of ports.splice(0)) port.close();
});

/** A worker made of a MessageChannel, which clones and transfers as a real one does. */
function fakeWorker(handlers: Partial<Handlers>, ready = true): FakeWorker {
  const { port1, port2 } = new MessageChannel();
  ports.push(port1, port2);
  port1.start();
  port2.start();
  const server = serve(port2, handlers as Handlers);
  const errorListeners: ((event: Event) => void)[] = [];
  const worker: FakeWorker = {
    server,
    terminated: false,
    postMessage: (message) => port1.postMessage(message),
    addEventListener(type: string, listener: (event: never) => void) {
      if (type === 'error') errorListeners.push(listener as (event: Event) => void);
      if (type === 'message') port1.addEventListener('message', listener as (event: Event) => void);
    },
    terminate() {
      worker.terminated = true;
      port1.close();
    },
    crash() {
      for (const listener of errorListeners) listener(new Event('error'));
    },
  };
  if (ready) server.emit({ kind: 'ready' });
  return worker;
}

describe('the worker protocol over a message channel', () => {
  it('answers calls side by side, each with its own result', async () => {
    const client = createWorkerClient(() =>
      fakeWorker({
        'map/preview': async ({ classes }) => {
          await new Promise((resolve) => setTimeout(resolve, classes));
          return { map: [classes] };
        },
      }),
    );
    const settings = { kind: 'shift' } as const;
    const answers = await Promise.all(
      [30, 1, 15].map((classes) => client.call('map/preview', { settings, classes, seed: 1 })),
    );
    expect(answers.map((answer) => answer.map[0])).toEqual([30, 1, 15]);
  });

  it('carries an error whole: code, sentence, subject and detail', async () => {
    const client = createWorkerClient(() =>
      fakeWorker({
        'model/open': () => {
          throw new StudioError('file/foreign', 'x.pth is a web page.', {
            subject: 'x.pth',
            detail: '<html',
          });
        },
      }),
    );
    const failure = await client
      .call('model/open', { file: { path: 'x.pth', blob: new Blob([]) } })
      .catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StudioError);
    expect(failure).toMatchObject({
      code: 'file/foreign',
      message: 'x.pth is a web page.',
      subject: 'x.pth',
      detail: '<html',
    });
  });

  it('fails with `internal` for a request nobody answers, and for a foreign throw', async () => {
    const client = createWorkerClient(() =>
      fakeWorker({
        'runs/list': () => {
          throw new TypeError('boom');
        },
      }),
    );
    await expect(client.call('analysis/cancel', {})).rejects.toMatchObject({ code: 'internal' });
    await expect(client.call('runs/list', {})).rejects.toMatchObject({ code: 'internal', detail: 'boom' });
  });

  it('transfers typed arrays instead of copying them', async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const client = createWorkerClient(() => fakeWorker({ 'export/file': () => ({ name: 'a.bin', bytes }) }));
    const answer = await client.call('export/file', { kind: 'metrics.csv' });
    expect([...answer.bytes]).toEqual([1, 2, 3]);
    expect(bytes.byteLength).toBe(0);
  });

  it('hands progress to the call it belongs to, and events to every listener', async () => {
    let worker: FakeWorker | null = null;
    const client = createWorkerClient(
      () =>
        (worker = fakeWorker({
          'evaluate/after': (_params, context) => {
            context.progress(1, 2, 'half');
            context.progress(2, 2, 'whole');
            return null as never;
          },
        })),
    );
    const events: WorkerEvent[] = [];
    const unsubscribe = client.subscribe((event) => events.push(event));
    const heard: string[] = [];
    await client.call('evaluate/after', {}, { onProgress: (_d, _t, note) => heard.push(note) });
    expect(heard).toEqual(['half', 'whole']);
    expect(events.map((event) => event.kind)).toEqual(['ready', 'progress', 'progress']);
    unsubscribe();
    worker!.server.emit({ kind: 'memory', tensors: 1, gpuBytes: 2 });
    await client.call('evaluate/after', {});
    expect(events).toHaveLength(3);
  });

  it('lets at most ten progress messages a second through, and always the last', async () => {
    const client = createWorkerClient(() =>
      fakeWorker({
        'evaluate/after': (_params, context) => {
          for (let i = 1; i <= 500; i++) context.progress(i, 500, '');
          return null as never;
        },
      }),
    );
    const done: number[] = [];
    await client.call('evaluate/after', {}, { onProgress: (value) => done.push(value) });
    expect(done[0]).toBe(1);
    expect(done.at(-1)).toBe(500);
    expect(done.length).toBeLessThan(12);
  });
});

describe('the worker client', () => {
  it('starts no worker before the first call and holds calls back until it is ready', async () => {
    const spawn = vi.fn(() => fakeWorker({ 'runs/list': () => [] }, false));
    const client = createWorkerClient(spawn);
    expect(spawn).not.toHaveBeenCalled();
    let answered = false;
    const call = client.call('runs/list', {}).then(() => (answered = true));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(answered).toBe(false);
    spawn.mock.results[0]!.value.server.emit({ kind: 'ready' });
    await call;
    expect(spawn).toHaveBeenCalledTimes(1);
  });

  it('fails pending calls with worker/crashed, says so, and starts afresh with the next call', async () => {
    const workers: FakeWorker[] = [];
    const client = createWorkerClient(() => {
      const worker = fakeWorker({
        'runs/list': () => [],
        'evaluate/after': () => new Promise(() => undefined),
      });
      workers.push(worker);
      return worker;
    });
    const lost: WorkerEvent[] = [];
    client.subscribe((event) => {
      if (event.kind === 'device/lost') lost.push(event);
    });
    const pending = client.call('evaluate/after', {});
    await client.call('runs/list', {});
    workers[0]!.crash();
    await expect(pending).rejects.toMatchObject({ code: 'worker/crashed' });
    expect(lost).toMatchObject([{ error: { code: 'worker/crashed' } }]);
    expect(workers[0]!.terminated).toBe(true);
    await expect(client.call('runs/list', {})).resolves.toEqual([]);
    expect(workers).toHaveLength(2);
  });

  it('restart ends the old worker and its calls', async () => {
    const workers: FakeWorker[] = [];
    const client = createWorkerClient(() => {
      const worker = fakeWorker({ 'evaluate/after': () => new Promise(() => undefined) });
      workers.push(worker);
      return worker;
    });
    const pending = client.call('evaluate/after', {});
    client.restart();
    await expect(pending).rejects.toMatchObject({ code: 'worker/crashed' });
    expect(workers.map((worker) => worker.terminated)).toEqual([true, false]);
  });
});
