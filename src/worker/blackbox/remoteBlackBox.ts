import type { BlackBox } from '../../compute/blackbox/blackBox';
import type { OnnxBlackBoxOptions } from '../../compute/blackbox/onnxBlackBox';
import { fromWireError, StudioError } from '../../protocol/errors';
import type { BlackBoxPort, BlackBoxReply, BlackBoxRequest } from './messages';

/** A worker of its own: where its messages go, how its failing is heard of, and how it is ended. */
export interface BlackBoxWorker {
  readonly port: BlackBoxPort;
  readonly onFailure: (listener: (reason: string) => void) => void;
  readonly terminate: () => void;
}

interface Waiting {
  readonly resolve: (reply: BlackBoxReply) => void;
  readonly reject: (error: StudioError) => void;
}

/**
 * An ONNX black box that runs in a worker. `close` ends the worker, and with it whatever it was computing.
 * @throws StudioError as `openOnnxBlackBox`; `worker/crashed` where the worker ends.
 */
export async function openRemoteBlackBox(
  worker: BlackBoxWorker,
  options: OnnxBlackBoxOptions,
): Promise<BlackBox> {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;
  let ended: StudioError | null = null;
  const failAll = (reason: string): void => {
    ended = new StudioError('worker/crashed', `The black box's worker ended: ${reason}.`);
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  worker.onFailure(failAll);
  worker.port.onmessage = ({ data }: MessageEvent) => {
    const reply = data as BlackBoxReply;
    const asked = waiting.get(reply.id);
    waiting.delete(reply.id);
    if ('error' in reply) asked?.reject(fromWireError(reply.error));
    else asked?.resolve(reply);
  };
  const ask = (request: BlackBoxRequest, transfer: Transferable[]): Promise<BlackBoxReply> =>
    new Promise((resolve, reject) => {
      // A worker that has ended would leave the question without an answer.
      if (ended) {
        reject(ended);
        return;
      }
      waiting.set(request.id, { resolve, reject });
      worker.port.postMessage(request, transfer);
    });
  try {
    const opened = await ask({ id: ++lastId, kind: 'open', options }, []);
    if (!('classes' in opened)) throw new StudioError('internal', 'The black box did not say its classes.');
    return {
      label: options.label,
      classes: opened.classes,
      get ended() {
        return ended !== null;
      },
      async confidences(pixels, count, signal) {
        if (signal?.aborted) throw new StudioError('aborted', 'Stopped.');
        // The caller keeps its pixels, so a copy is what is handed over.
        const copy = pixels.slice();
        const reply = await ask({ id: ++lastId, kind: 'ask', pixels: copy, count }, [copy.buffer]);
        if (signal?.aborted) throw new StudioError('aborted', 'Stopped.');
        if (!('values' in reply))
          throw new StudioError('internal', 'The black box did not give confidences.');
        return reply.values;
      },
      close() {
        worker.terminate();
        failAll('it was closed');
        return Promise.resolve();
      },
    };
  } catch (error) {
    worker.terminate();
    throw error;
  }
}
