/** Every way the studio can fail, as a closed set. The page switches on these codes, never on text. */
export type ErrorCode =
  // files and formats
  | 'file/empty'
  | 'file/unreadable'
  | 'file/truncated'
  | 'file/too-large'
  | 'file/unrecognised'
  | 'file/foreign'
  | 'file/unsafe-path'
  | 'file/missing'
  | 'format/unsupported'
  | 'format/malformed'
  | 'format/forbidden-opcode'
  | 'model/unknown-architecture'
  | 'model/shape-mismatch'
  | 'dataset/mixed-sizes'
  | 'dataset/no-images'
  | 'dataset/bad-labels'
  | 'dataset/decode-failed'
  // the experiment and the label map
  | 'experiment/invalid'
  | 'experiment/unknown-key'
  | 'experiment/batch-too-large'
  | 'experiment/too-large'
  | 'map/not-a-permutation'
  | 'map/wrong-size'
  | 'trigger/invalid'
  // the device
  | 'gpu/unsupported'
  | 'gpu/no-adapter'
  | 'gpu/device-lost'
  | 'gpu/error'
  | 'gpu/out-of-memory'
  // a classifier that is only asked
  | 'blackbox/not-allowed'
  | 'blackbox/unreachable'
  | 'blackbox/bad-answer'
  // training and the worker
  | 'train/non-finite-loss'
  | 'train/checkpoint-mismatch'
  | 'worker/crashed'
  | 'worker/busy'
  | 'worker/nothing-loaded'
  | 'storage/unavailable'
  | 'storage/quota'
  | 'storage/corrupt'
  | 'aborted'
  | 'internal';

/** A `StudioError` as it crosses the worker boundary. */
export interface WireError {
  readonly code: ErrorCode;
  readonly message: string;
  readonly detail: string | null;
  readonly subject: string | null;
}

/**
 * An error with a code from the closed union and one clear sentence for the person at the page.
 * `subject` names the file or setting it is about; `detail` is for the log.
 */
export class StudioError extends Error {
  readonly code: ErrorCode;
  readonly subject: string | null;
  readonly detail: string | null;

  constructor(
    code: ErrorCode,
    message: string,
    options: { subject?: string; detail?: string; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'StudioError';
    this.code = code;
    this.subject = options.subject ?? null;
    this.detail = options.detail ?? (options.cause instanceof Error ? options.cause.message : null);
  }
}

/** Codes that mean the input was at fault: `headless` exits with 2 for these. */
export function isInputError(code: ErrorCode): boolean {
  return /^(file|format|model|dataset|experiment|map|trigger)\//.test(code);
}

/** Codes that mean a black box gave up, not the device: it failed, refused, or the worker that held it ended. */
export function isOfBlackBox(code: ErrorCode): boolean {
  return code.startsWith('blackbox/') || code === 'worker/crashed';
}

/** Any thrown value as a `StudioError`; what is not one becomes `internal` with its text kept. */
export function asStudioError(thrown: unknown): StudioError {
  if (thrown instanceof StudioError) return thrown;
  if (thrown instanceof DOMException && thrown.name === 'AbortError') {
    return new StudioError('aborted', 'Stopped.', { cause: thrown });
  }
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  return new StudioError('internal', `Something went wrong inside the studio: ${text}`, { cause: thrown });
}

/** The plain-object form that structured clone carries without loss. */
export function toWireError(thrown: unknown): WireError {
  const { code, message, detail, subject } = asStudioError(thrown);
  return { code, message, detail, subject };
}

/** The inverse of `toWireError`. */
export function fromWireError(wire: WireError): StudioError {
  return new StudioError(wire.code, wire.message, {
    ...(wire.subject === null ? {} : { subject: wire.subject }),
    ...(wire.detail === null ? {} : { detail: wire.detail }),
  });
}
