import type { StudioClient } from '../protocol/client';
import { fromWireError, StudioError } from '../protocol/errors';
import type {
  Params,
  RequestMessage,
  RequestName,
  Result,
  WorkerEvent,
  WorkerMessage,
} from '../protocol/messages';

/** What the client needs of a `Worker`; tests bring one made of a `MessageChannel`. */
export interface WorkerLike {
  postMessage(message: RequestMessage): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  addEventListener(type: 'error' | 'messageerror', listener: (event: Event) => void): void;
  terminate(): void;
}

interface PendingCall {
  resolve(result: unknown): void;
  reject(error: StudioError): void;
  readonly onProgress: ((done: number, total: number | null, note: string) => void) | undefined;
}

/** One worker from its start to its end; what arrives from an ended one is not heard. */
interface Life {
  readonly worker: WorkerLike;
  readonly pending: Map<number, PendingCall>;
  /** Requests made before the worker said it is ready; null once it has. */
  waiting: RequestMessage[] | null;
  lastSequence: number;
}

function spawnStudioWorker(): WorkerLike {
  return new Worker(new URL('../worker/main.ts', import.meta.url), { type: 'module', name: 'refine-studio' });
}

/**
 * The page's client of the worker. The worker starts with the first call, requests wait for its `ready`, and when it dies
 * every pending call fails with `worker/crashed`, listeners hear a `device/lost` event with that code, and the next
 * call starts a new one.
 */
export function createWorkerClient(spawn: () => WorkerLike = spawnStudioWorker): StudioClient {
  const listeners = new Set<(event: WorkerEvent) => void>();
  let life: Life | null = null;
  let nextId = 1;

  const publish = (event: WorkerEvent) => {
    for (const listener of [...listeners]) listener(event);
  };
  const end = (ended: Life, error: StudioError) => {
    if (life === ended) life = null;
    ended.worker.terminate();
    const pending = [...ended.pending.values()];
    ended.pending.clear();
    for (const call of pending) call.reject(error);
  };
  const crash = (crashed: Life, detail: string) => {
    if (life !== crashed) return;
    const error = new StudioError(
      'worker/crashed',
      'The part of the studio that computes stopped unexpectedly. What was saved is kept; load the files again or go on from the last checkpoint.',
      { detail },
    );
    end(crashed, error);
    const { code, message, subject } = error;
    publish({ kind: 'device/lost', error: { code, message, detail, subject } });
  };
  const start = (): Life => {
    const worker = spawn();
    const started: Life = { worker, pending: new Map(), waiting: [], lastSequence: -1 };
    worker.addEventListener('message', (event) => {
      if (life === started) receive(started, event.data as WorkerMessage, publish);
    });
    worker.addEventListener('error', (event) => crash(started, describe(event)));
    worker.addEventListener('messageerror', () => crash(started, 'a message could not be read'));
    return started;
  };

  return {
    call<N extends RequestName>(
      name: N,
      params: Params<N>,
      options: { readonly onProgress?: (done: number, total: number | null, note: string) => void } = {},
    ): Promise<Result<N>> {
      life ??= start();
      const current = life;
      const message: RequestMessage<N> = { type: 'request', id: nextId++, name, params };
      return new Promise<unknown>((resolve, reject) => {
        current.pending.set(message.id, { resolve, reject, onProgress: options.onProgress });
        if (current.waiting) current.waiting.push(message);
        else current.worker.postMessage(message);
      });
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    restart() {
      if (life) {
        end(life, new StudioError('worker/crashed', 'The studio was restarted before this was done.'));
      }
      life = start();
    },
  };
}

function receive(life: Life, message: WorkerMessage, publish: (event: WorkerEvent) => void): void {
  switch (message.type) {
    case 'event': {
      if (message.sequence <= life.lastSequence) return;
      life.lastSequence = message.sequence;
      const { event } = message;
      if (event.kind === 'ready' && life.waiting) {
        const waiting = life.waiting;
        life.waiting = null;
        for (const request of waiting) life.worker.postMessage(request);
      }
      if (event.kind === 'progress') {
        life.pending.get(event.requestId)?.onProgress?.(event.done, event.total, event.note);
      }
      publish(event);
      return;
    }
    case 'result':
      settle(life, message.id)?.resolve(message.result);
      return;
    case 'failure':
      settle(life, message.id)?.reject(fromWireError(message.error));
      return;
    default:
      message satisfies never;
  }
}

function settle(life: Life, id: number): PendingCall | undefined {
  const call = life.pending.get(id);
  life.pending.delete(id);
  return call;
}

function describe(event: Event): string {
  const { message, filename, lineno } = event as Partial<ErrorEvent>;
  return message
    ? `${message} (${filename ?? ''}:${String(lineno ?? 0)})`
    : 'the worker could not be started';
}
