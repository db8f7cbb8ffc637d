import type { OnnxBlackBoxOptions } from '../../compute/blackbox/onnxBlackBox';
import type { WireError } from '../../protocol/errors';

/** What the engine asks the worker that holds an ONNX black box. */
export type BlackBoxRequest =
  | { readonly id: number; readonly kind: 'open'; readonly options: OnnxBlackBoxOptions }
  | { readonly id: number; readonly kind: 'ask'; readonly pixels: Float32Array; readonly count: number };

/** Its answer: the number of classes, or confidences [N, K], or what went wrong. */
export type BlackBoxReply =
  | { readonly id: number; readonly classes: number }
  | { readonly id: number; readonly values: Float32Array }
  | { readonly id: number; readonly error: WireError };

/** The part of `Worker` and `MessagePort` that is needed. */
export interface BlackBoxPort {
  postMessage(message: unknown, transfer: Transferable[]): void;
  onmessage: ((event: MessageEvent) => void) | null;
}
