import { type tf, type WebGPUBackend } from '../tf';
import { flush, internalsOf, type BackendInternals } from './internals';
import { Patches } from './patches';
import { isRecorded, type Operation, type RecordedBuffer, type Recording, type Survivor } from './recording';
import { standInBindGroup, standInBuffer, standInEncoder, writeContent } from './standIns';
import { settle } from './settle';
import { Unplannable } from './unplannable';

/** What recorded code can ask. */
export interface Probe {
  /** Commands so far: where a section ends. */
  mark(): number;
  /** The tensor's buffer, or null for one whose values were never on the GPU. */
  bufferOf(tensor: tf.Tensor): GPUBuffer | RecordedBuffer | null;
}

/** A recording, and what the recorded code gave. */
export interface Recorded<T> extends Recording {
  readonly result: T;
}

let nextId = 0;
const READS_BACK = 'the step reads back from the GPU';

/**
 * Runs `body` without the GPU: every buffer that tfjs asks for, every dispatch and every copy is noted and none is made, so
 * that a step can be laid out before its first byte is allocated. Pipelines are real. What was computed before stays on
 * the GPU and appears as it is. Tensors that `body` leaves alive are the recording's survivors: they have no buffer yet.
 *
 * `body` must not wait for the GPU. Its own exceptions pass through, after its survivors were settled.
 * @throws Unplannable where a command has no place in a plan, with the reason.
 */
export function record<T>(backend: WebGPUBackend, body: (probe: Probe) => T): Recorded<T> {
  const { operations, survivors, outcome } = observe(backend, body);
  if ('result' in outcome) return { operations, survivors, result: outcome.result };
  // What was seen for the first time is needed by whoever does the same without a plan.
  settle(backend, { operations, survivors }, new Set());
  throw outcome.failure;
}

/** How recorded code ended. */
export type Outcome<T> = { readonly result: T } | { readonly failure: unknown };

/**
 * As `record`, but an exception of `body` is handed over and nothing is settled: the caller settles the survivors.
 * @throws Unplannable where this tfjs cannot be recorded.
 */
export function observe<T>(
  backend: WebGPUBackend,
  body: (probe: Probe) => T,
): Recording & { readonly outcome: Outcome<T> } {
  const inner = internalsOf(backend);
  if (!inner) throw new Unplannable('this tfjs is built otherwise than 4.22.0');
  // The pool skips releases before its first buffer, and stand-ins must not be its first.
  flush(inner);
  const operations: Operation[] = [];
  const tensors = new Map<RecordedBuffer, Survivor>();
  const patches = new Patches();
  const readsBack = patchPool(inner, patches);
  patchDevice(inner, patches, operations);
  patchUploads(inner, patches, tensors);
  const probe: Probe = {
    mark: () => operations.length,
    bufferOf: ({ dataId }) => inner.tensorMap.get(dataId).resource as GPUBuffer | null,
  };
  let outcome: Outcome<T>;
  try {
    const result = body(probe);
    outcome = readsBack() ? { failure: new Unplannable(READS_BACK) } : { result };
  } catch (failure) {
    outcome = { failure };
  }
  flush(inner);
  patches.restore();
  const survivors = [...tensors.values()].filter(
    ({ dataId, buffer }) =>
      inner.tensorMap.has(dataId) && (inner.tensorMap.get(dataId).resource as unknown) === buffer,
  );
  return { operations, survivors, outcome };
}

/** Returns whether a read-back was asked for: its error goes to who waits for the data, who may never look. */
function patchPool({ bufferManager }: BackendInternals, patches: Patches): () => boolean {
  let readsBack = false;
  const release = bufferManager.releaseBuffer.bind(bufferManager);
  patches.set(bufferManager, 'acquireBuffer', (size, usage, mapped = false) => {
    if (usage & GPUBufferUsage.MAP_READ) {
      readsBack = true;
      throw new Unplannable(READS_BACK);
    }
    return standInBuffer(nextId++, size, usage, mapped);
  });
  patches.set(bufferManager, 'releaseBuffer', (buffer, reuse) => {
    if (!isRecorded(buffer)) release(buffer, reuse);
  });
  return () => readsBack;
}

function patchDevice({ device, queue }: BackendInternals, patches: Patches, operations: Operation[]): void {
  patches.set(device, 'createBindGroup', standInBindGroup);
  patches.set(device, 'createCommandEncoder', () => standInEncoder(operations));
  patches.set(queue, 'submit', () => undefined);
  patches.set(queue, 'writeBuffer', writeContent);
}

function patchUploads(
  inner: BackendInternals,
  patches: Patches,
  tensors: Map<RecordedBuffer, Survivor>,
): void {
  const upload = inner.uploadToGPU.bind(inner);
  patches.set(inner, 'uploadToGPU', (dataId) => {
    upload(dataId);
    const { resource } = inner.tensorMap.get(dataId);
    if (!(resource instanceof GPUBuffer) || !isRecorded(resource) || tensors.has(resource)) return;
    tensors.set(resource, { dataId, buffer: resource });
  });
}
