import { StudioError } from '../../protocol/errors';
import { tf, WebGPUBackend } from '../tf';

/** Bytes that a shader of the current device can see in one piece; no limit on other backends. */
export function largestBinding(): number {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) return Infinity;
  const { maxStorageBufferBindingSize, maxBufferSize } = backend.device.limits;
  return Math.min(maxStorageBufferBindingSize, maxBufferSize);
}

/** What is too large for the device, and what to do about it. */
export interface TooLarge {
  /** Of the largest piece. */
  readonly bytes: number;
  readonly limit: number;
  /** Begins the sentence: "What a classifier computes of a batch". */
  readonly what: string;
  /** Ends it: "lower the batch size to 20". */
  readonly advice: string;
  /** The part of the experiment it is about. */
  readonly subject: 'batchSize' | 'model';
}

/** The error for a computation that has a tensor larger than the device can bind. */
export function tooLarge({ bytes, limit, what, advice, subject }: TooLarge): StudioError {
  return new StudioError(
    'experiment/too-large',
    `${what} takes ${megabytes(bytes)} MB in one piece, and this graphics adapter allows ${megabytes(limit)} MB: ${advice}.`,
    { subject },
  );
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}
