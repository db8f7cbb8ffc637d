import { StudioError, toWireError } from '../protocol/errors';
import type {
  EventMessage,
  Params,
  RequestMessage,
  RequestName,
  Result,
  WorkerEvent,
  WorkerMessage,
} from '../protocol/messages';

/** What a handler gets beside its parameters. */
export interface RequestContext {
  /** Tells the page how far this request is; at most ten times a second reach it, and always the last one. */
  readonly progress: (done: number, total: number | null, note: string) => void;
}

/** One handler for every request of the protocol: a missing one does not compile. */
export type Handlers = {
  readonly [N in RequestName]: (params: Params<N>, context: RequestContext) => Promise<Result<N>> | Result<N>;
};

/** The worker's own end of the channel: `self` in the worker, a `MessagePort` in tests. */
export interface ServerPort {
  postMessage(message: WorkerMessage, transfer: Transferable[]): void;
  addEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
  removeEventListener(type: 'message', listener: (event: MessageEvent) => void): void;
}

/** A running server. */
export interface RpcServer {
  /** Sends an event; its typed arrays are transferred, so the sender gives them up. */
  emit(event: WorkerEvent): void;
  close(): void;
}

const PROGRESS_INTERVAL_MS = 100;

/**
 * Answers requests on a port. Each is answered once, by a result or by a failure with its code; requests run side by
 * side, and what has to wait for the GPU waits in the engine. Typed arrays in results and events are transferred.
 */
export function serve(port: ServerPort, handlers: Handlers): RpcServer {
  let sequence = 0;
  const post = (message: WorkerMessage, payload: unknown) => {
    port.postMessage(message, transferables(payload));
  };
  const emit = (event: WorkerEvent) => {
    const message: EventMessage = { type: 'event', sequence: sequence++, event };
    post(message, event);
  };
  const listener = (event: MessageEvent) => {
    const request = asRequest(event.data);
    if (request) void answer(request, handlers, post, emit);
  };
  port.addEventListener('message', listener);
  return { emit, close: () => port.removeEventListener('message', listener) };
}

async function answer(
  request: RequestMessage,
  handlers: Handlers,
  post: (message: WorkerMessage, payload: unknown) => void,
  emit: (event: WorkerEvent) => void,
): Promise<void> {
  try {
    const result = await dispatch(handlers, request.name, request.params, progressOf(request.id, emit));
    post({ type: 'result', id: request.id, result }, result);
  } catch (error) {
    post({ type: 'failure', id: request.id, error: toWireError(error) }, null);
  }
}

function dispatch<N extends RequestName>(
  handlers: Handlers,
  name: N,
  params: Params<N>,
  context: RequestContext,
): Promise<Result<N>> | Result<N> {
  if (!Object.hasOwn(handlers, name)) {
    throw new StudioError('internal', `The studio's worker does not know the request "${name}".`, {
      subject: name,
    });
  }
  return handlers[name](params, context);
}

function progressOf(requestId: number, emit: (event: WorkerEvent) => void): RequestContext {
  let last = -Infinity;
  return {
    progress(done, total, note) {
      const now = performance.now();
      if (now - last < PROGRESS_INTERVAL_MS && done !== total) return;
      last = now;
      emit({ kind: 'progress', requestId, done, total, note });
    },
  };
}

function asRequest(data: unknown): RequestMessage | null {
  if (typeof data !== 'object' || data === null) return null;
  const { type, id, name } = data as Partial<RequestMessage>;
  if (type !== 'request' || typeof id !== 'number' || typeof name !== 'string') return null;
  return data as RequestMessage;
}

/**
 * The buffers behind every typed array inside a plain value, each once. Blobs and files are not looked into: structured
 * clone hands those over by reference.
 */
export function transferables(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (item: unknown): void => {
    if (typeof item !== 'object' || item === null) return;
    if (ArrayBuffer.isView(item)) {
      if (item.buffer instanceof ArrayBuffer) found.add(item.buffer);
    } else if (item instanceof ArrayBuffer) {
      found.add(item);
    } else if (Array.isArray(item)) {
      // Long lists of numbers (label maps, confusion matrices) hold no buffers.
      if (typeof item[0] === 'object') for (const entry of item) visit(entry);
    } else if (Object.getPrototypeOf(item) === Object.prototype) {
      for (const entry of Object.values(item)) visit(entry);
    }
  };
  visit(value);
  return [...found];
}
