import { tf, WebGPUBackend } from '../tf';
import type { KernelHost } from './host';

/** A kernel of our own: over a stock one of the same name, or under a name of its own. */
export interface OwnKernel {
  readonly name: string;
  /** Computes, or returns null where the stock kernel has to do it. Absent for what is not called through tfjs's engine. */
  readonly run?: (
    host: KernelHost,
    inputs: tf.NamedTensorInfoMap,
    attrs: tf.NamedAttrMap,
  ) => tf.TensorInfo | tf.TensorInfo[] | null;
  /** Runs it once on a small, odd shape into poisoned memory and returns the error relative to the reference's norm. */
  readonly check: () => Promise<number>;
}

interface Registered {
  readonly kernel: OwnKernel;
  readonly stock: tf.KernelConfig | undefined;
}

// tfjs's kernel registry is global, so this is too. What is switched off is so for one device only.
const registered = new Map<string, Registered>();
const switchedOff = new WeakMap<object, Set<string>>();

const BACKEND = 'webgpu';

function isOff(backend: object, name: string): boolean {
  return switchedOff.get(backend)?.has(name) ?? false;
}

/** Puts a kernel over the stock one; a second call for the same name does nothing. */
export function register(kernel: OwnKernel): void {
  if (registered.has(kernel.name)) return;
  const { name, run } = kernel;
  if (!run) {
    registered.set(name, { kernel, stock: undefined });
    return;
  }
  // getKernel's type does not say that it may find nothing.
  const stock = tf.getKernel(name, BACKEND) as tf.KernelConfig | undefined;
  registered.set(name, { kernel, stock });
  if (stock) tf.unregisterKernel(name, BACKEND);
  tf.registerKernel({
    ...stock,
    kernelName: name,
    backendName: BACKEND,
    kernelFunc: (args) => {
      const { backend } = args;
      if (backend instanceof WebGPUBackend && !isOff(backend, name)) {
        const result = run(backend, args.inputs, args.attrs ?? {});
        if (result) return result;
      }
      if (!stock)
        throw new Error(`The kernel ${name} was called although it is switched off on this device.`);
      return stock.kernelFunc(args);
    },
  });
}

/** Restores the stock kernel of this name, if ours is installed. */
export function unregister(name: string): void {
  const entry = registered.get(name);
  if (!entry) return;
  registered.delete(name);
  if (!entry.kernel.run) return;
  tf.unregisterKernel(name, BACKEND);
  if (entry.stock) tf.registerKernel(entry.stock);
}

/** Switches one kernel off on one device: the stock kernel, or tfjs primitives, take over there. */
export function switchOff(backend: object, name: string): void {
  const names = switchedOff.get(backend) ?? new Set<string>();
  switchedOff.set(backend, names.add(name));
}

/** The current backend, if it is WebGPU and has this kernel of ours installed and on; else null, and primitives have to do. */
export function hostOf(name: string): WebGPUBackend | null {
  const backend = tf.backend();
  return backend instanceof WebGPUBackend && registered.has(name) && !isOff(backend, name) ? backend : null;
}
