import { StudioError } from '../../protocol/errors';
import { tooLarge } from '../device/largestBinding';
import type { WebGPUBackend } from '../tf';
import { internalsOf, type BackendInternals } from './internals';
import { Patches } from './patches';
import { observe, type Probe } from './recorder';
import { usesOf, type AnyBuffer, type Operation } from './recording';
import { settle } from './settle';
import { Unplannable } from './unplannable';
import { noted } from './watchPipelines';

/** Told after every pipeline that is done. */
export type CompileProgress = (done: number, total: number) => void;

/** A pipeline that was asked for and is not made yet. */
interface Wanted {
  readonly standIn: GPUComputePipeline;
  readonly descriptor: GPUComputePipelineDescriptor;
  /** Where tfjs looks for it. */
  readonly keys: readonly string[];
}

/**
 * Compiles, all at once and without blocking, every pipeline that tfjs would ask for in `body` and does not have yet. `body` is
 * recorded for it as `record` does: it computes nothing and allocates nothing. Its exceptions end it early, and what it
 * had asked for by then is compiled.
 *
 * Nothing else may compute on the backend until this resolves, because weights made of weights get their values last.
 * @param changing real buffers that `body` reads and that will hold other numbers each time: nothing kept may depend on them.
 * @returns how many were compiled; 0 where tfjs cannot be recorded.
 * @throws StudioError `gpu/error` where the adapter refuses a shader, `experiment/too-large` where a shader would see more in one piece
 * than the device binds: nothing but what is made of weights once has run then.
 */
export async function compileAhead(
  backend: WebGPUBackend,
  body: (probe: Probe) => void,
  changing: ReadonlySet<AnyBuffer>,
  onProgress: CompileProgress = () => undefined,
): Promise<number> {
  const inner = internalsOf(backend);
  if (!inner) return 0;
  const asked = new Map<GPUComputePipeline, GPUComputePipelineDescriptor>();
  const patches = new Patches();
  patches.set(inner.device, 'createComputePipeline', (descriptor) => {
    const standIn = noted(standInPipeline(descriptor), descriptor);
    asked.set(standIn, descriptor);
    return standIn;
  });
  const { operations, survivors, outcome } = observe(backend, body);
  patches.restore();
  const wanted = takeFromCache(inner, asked);
  settle(backend, { operations, survivors: survivors.filter(({ buffer }) => buffer.content) }, changing);
  const made = await compileAll(inner, wanted, onProgress);
  const real = operations.map((operation): Operation =>
    operation.kind === 'copy'
      ? operation
      : { ...operation, pipeline: made.get(operation.pipeline) ?? operation.pipeline },
  );
  settle(
    backend,
    { operations: real, survivors: survivors.filter(({ buffer }) => !buffer.content) },
    changing,
  );
  requireBindable(inner.device, operations);
  if ('failure' in outcome && !(outcome.failure instanceof Unplannable)) throw outcome.failure;
  return wanted.length;
}

function requireBindable({ limits }: GPUDevice, operations: readonly Operation[]): void {
  const limit = limits.maxStorageBufferBindingSize;
  const bound = operations.flatMap((operation) => (operation.kind === 'dispatch' ? usesOf(operation) : []));
  const bytes = bound.reduce((most, { size }) => Math.max(most, size), 0);
  if (bytes > limit)
    throw tooLarge({
      bytes,
      limit,
      what: 'Something in a training step',
      advice: 'lower the batch size',
      subject: 'batchSize',
    });
}

function standInPipeline({ label = '' }: GPUComputePipelineDescriptor): GPUComputePipeline {
  const pipeline = Object.create(GPUComputePipeline.prototype) as GPUComputePipeline;
  // Recorded bind groups look at their entries only.
  const layout = Object.create(GPUBindGroupLayout.prototype) as GPUBindGroupLayout;
  Object.defineProperty(pipeline, 'label', { value: label });
  Object.defineProperty(pipeline, 'getBindGroupLayout', { value: () => layout });
  return pipeline;
}

/** Stand-ins must not be met by anybody who computes: they leave the cache at once. */
function takeFromCache(
  { pipelineCache }: BackendInternals,
  asked: ReadonlyMap<GPUComputePipeline, GPUComputePipelineDescriptor>,
): readonly Wanted[] {
  const keys = new Map<GPUComputePipeline, string[]>();
  for (const [key, pipeline] of Object.entries(pipelineCache)) {
    if (pipeline instanceof Promise || !asked.has(pipeline)) continue;
    keys.set(pipeline, [...(keys.get(pipeline) ?? []), key]);
    Reflect.deleteProperty(pipelineCache, key);
  }
  return [...asked].map(([standIn, descriptor]) => ({ standIn, descriptor, keys: keys.get(standIn) ?? [] }));
}

async function compileAll(
  { device, pipelineCache }: BackendInternals,
  wanted: readonly Wanted[],
  onProgress: CompileProgress,
): Promise<ReadonlyMap<GPUComputePipeline, GPUComputePipeline>> {
  const made = new Map<GPUComputePipeline, GPUComputePipeline>();
  if (wanted.length > 0) onProgress(0, wanted.length);
  await Promise.all(
    wanted.map(async ({ standIn, descriptor, keys }) => {
      const pipeline = await device.createComputePipelineAsync(descriptor).catch((cause: unknown) => {
        throw refused(descriptor, cause);
      });
      made.set(standIn, pipeline);
      for (const key of keys) pipelineCache[key] ??= pipeline;
      onProgress(made.size, wanted.length);
    }),
  );
  return made;
}

function refused({ label }: GPUComputePipelineDescriptor, cause: unknown): StudioError {
  return new StudioError('gpu/error', 'The graphics adapter refused a shader of the training step.', {
    detail: `${label ?? 'unnamed'}: ${cause instanceof Error ? cause.message : String(cause)}`,
    cause,
  });
}
