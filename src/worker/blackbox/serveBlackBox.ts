import type { BlackBox } from '../../compute/blackbox/blackBox';
import type { OnnxBlackBoxOptions } from '../../compute/blackbox/onnxBlackBox';
import { StudioError, toWireError } from '../../protocol/errors';
import type { BlackBoxPort, BlackBoxReply, BlackBoxRequest } from './messages';

/** Answers on `port` with the black box that `open` gives; one is held at a time. */
export function serveBlackBox(
  port: BlackBoxPort,
  open: (options: OnnxBlackBoxOptions) => Promise<BlackBox>,
): void {
  let box: BlackBox | null = null;
  const answer = async (request: BlackBoxRequest): Promise<BlackBoxReply> => {
    const { id } = request;
    if (request.kind === 'open') {
      await box?.close();
      box = await open(request.options);
      return { id, classes: box.classes };
    }
    if (!box) throw new StudioError('internal', 'A black box was asked before it was opened.');
    return { id, values: await box.confidences(request.pixels, request.count) };
  };
  port.onmessage = ({ data }: MessageEvent) => {
    const request = data as BlackBoxRequest;
    answer(request)
      .catch((error: unknown): BlackBoxReply => ({ id: request.id, error: toWireError(error) }))
      .then((reply) => port.postMessage(reply, 'values' in reply ? [reply.values.buffer] : []))
      .catch(() => undefined);
  };
}
