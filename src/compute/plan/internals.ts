import type { tf } from '../tf';
import { type WebGPUBackend } from '../tf';

/** What tfjs keeps of a tensor's data. A `resource` that is neither buffer nor texture is bound as it is. */
export interface TensorData {
  values: unknown;
  resource: GPUBuffer | GPUBufferBinding | null | undefined;
  readonly refCount: number;
}

/** The pool that tfjs takes its buffers from. */
export interface BufferPool {
  acquireBuffer(
    size: number,
    usage: GPUBufferUsageFlags,
    mappedAtCreation?: boolean,
    reuse?: boolean,
  ): GPUBuffer;
  releaseBuffer(buffer: GPUBuffer, reuse?: boolean): void;
}

/** The parts of `WebGPUBackend` (4.22.0) that recording needs, private in TypeScript only. */
export interface BackendInternals {
  readonly device: GPUDevice;
  readonly queue: GPUQueue;
  readonly bufferManager: BufferPool;
  readonly tensorMap: { has(id: tf.DataId): boolean; get(id: tf.DataId): TensorData };
  readonly commandEncoder: GPUCommandEncoder | null;
  readonly pipelineCache: Record<string, GPUComputePipeline | Promise<GPUComputePipeline>>;
  uploadToGPU(id: tf.DataId): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
  runWebGPUProgram: WebGPUBackend['runWebGPUProgram'];
}

const METHODS = [
  'uploadToGPU',
  'ensureCommandEncoderReady',
  'endComputePassEncoder',
  'submitQueue',
  'runWebGPUProgram',
] as const;

/** The backend's inner side, or null where this version of tfjs has another. */
export function internalsOf(backend: WebGPUBackend): BackendInternals | null {
  const inner = backend as unknown as BackendInternals;
  const complete =
    hasMethods(inner, METHODS) &&
    hasMethods(inner.bufferManager, ['acquireBuffer', 'releaseBuffer']) &&
    hasMethods(inner.tensorMap, ['has', 'get']) &&
    typeof inner.pipelineCache === 'object';
  return complete ? inner : null;
}

function hasMethods(value: unknown, names: readonly string[]): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');
}

/** Sends what tfjs has recorded so far, if anything. */
export function flush(inner: BackendInternals): void {
  if (inner.commandEncoder === null) return;
  inner.endComputePassEncoder();
  inner.submitQueue();
}
