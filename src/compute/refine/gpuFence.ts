import { tf, WebGPUBackend } from '../tf';

/**
 * Resolves when the GPU has finished everything recorded so far. Training awaits an older fence before it records a new
 * step, which bounds the queue without reading anything back. Resolves at once on other backends.
 */
export function gpuFence(): Promise<void> {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) return Promise.resolve();
  // `submitQueue` finishes the encoder as it is: it must exist, and its pass must have ended.
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  backend.submitQueue();
  return backend.queue.onSubmittedWorkDone().then(() => undefined);
}
