import { internalsOf } from '../plan/internals';
import { Patches } from '../plan/patches';
import { tf, type WebGPUBackend } from '../tf';
import type { OwnKernel } from './registry';

/** tfjs then asks for pipelines without blocking, and sends nothing to the device. */
const COMPILE_ONLY = 'WEBGPU_ENGINE_COMPILE_ONLY';

/**
 * Compiles what the kernels' self-checks use, all at once and without blocking: the checks run through without computing
 * anything. A pipeline that the adapter refuses is forgotten, so that its own check meets the refusal and reports it.
 * Where this version of tfjs cannot be looked into, nothing happens, and the checks compile one by one.
 *
 * Nothing else may use the backend until this resolves.
 */
export async function compileChecks(backend: WebGPUBackend, kernels: readonly OwnKernel[]): Promise<void> {
  const inner = internalsOf(backend);
  if (!inner) return;
  const patches = new Patches();
  // Nothing was computed: there is nothing to read, and tfjs would warn of every attempt.
  patches.set(backend, 'read', (id) => Promise.resolve(zerosOf(inner.tensorMap.get(id))));
  tf.env().set(COMPILE_ONLY, true);
  try {
    // The numbers are meaningless, and so is what a check makes of them.
    for (const kernel of kernels) await kernel.check().catch(() => null);
  } finally {
    tf.env().set(COMPILE_ONLY, false);
    patches.restore();
  }
  const { pipelineCache } = inner;
  await Promise.all(
    Object.entries(pipelineCache).map(async ([key, pipeline]) => {
      try {
        pipelineCache[key] = await pipeline;
      } catch {
        Reflect.deleteProperty(pipelineCache, key);
      }
    }),
  );
}

function zerosOf(data: object): Float32Array | Int32Array {
  const { dtype, shape } = data as { readonly dtype: tf.DataType; readonly shape: number[] };
  const count = tf.util.sizeFromShape(shape);
  return dtype === 'float32' ? new Float32Array(count) : new Int32Array(count);
}
