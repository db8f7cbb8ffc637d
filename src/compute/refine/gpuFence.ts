import { flush, internalsOf } from '../plan/internals';
import { tf, WebGPUBackend } from '../tf';

/**
 * Resolves when the GPU has finished everything recorded so far. Training awaits an older fence before it records a new
 * step, which bounds the queue without reading anything back. Resolves at once on other backends.
 */
export function gpuFence(): Promise<void> {
  const backend = tf.backend();
  if (!(backend instanceof WebGPUBackend)) return Promise.resolve();
  const inner = internalsOf(backend);
  if (inner) flush(inner);
  return backend.queue.onSubmittedWorkDone().then(() => undefined);
}
