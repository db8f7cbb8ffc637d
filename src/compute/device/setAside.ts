import { tf } from '../tf';

/** What tfjs (4.22.0) knows of its backends, private in TypeScript only. */
interface Registries {
  readonly registry: Record<string, tf.KernelBackend | undefined>;
  readonly registryFactory: Record<string, unknown>;
}

const NAME = 'webgpu';

/**
 * Runs `body` as if no WebGPU device were open, so that it may open and close its own, and puts the one that is open back
 * afterwards with all its tensors. tfjs has one backend of a name at a time and frees the former when another takes its
 * place. Nothing else may compute meanwhile.
 */
export async function withBackendAside<T>(body: () => Promise<T>): Promise<T> {
  const { registry, registryFactory } = tf.engine() as unknown as Registries;
  const [backend, factory] = [registry[NAME], registryFactory[NAME]];
  Reflect.deleteProperty(registry, NAME);
  Reflect.deleteProperty(registryFactory, NAME);
  try {
    return await body();
  } finally {
    if (tf.findBackendFactory(NAME)) tf.removeBackend(NAME);
    registryFactory[NAME] = factory;
    registry[NAME] = backend;
    await tf.setBackend(NAME);
  }
}
