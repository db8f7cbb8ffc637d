import { tf, type WebGPUBackend } from '../../tf';

/** The parts of `WebGPUBackend` (4.22.0) that reach a tensor's buffer; some are private in TypeScript only. */
interface RawBackend {
  readonly queue: GPUQueue;
  readonly tensorMap: { get(id: tf.DataId): { values: unknown; resource?: unknown } };
  readonly commandEncoder: GPUCommandEncoder | null | undefined;
  uploadToGPU(id: tf.DataId): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/**
 * A tensor that lives as long as a run and is rewritten in place before each step, so that its buffer stays the same for
 * dispatches that are recorded once and replayed. What is in it before the first `write` is undefined.
 */
export class PersistentInput<T extends tf.Tensor> {
  /** Do not dispose it; tidies leave it alone. */
  readonly tensor: T;
  /** Its buffer on the device, the same one until `dispose`. */
  readonly buffer: GPUBuffer;
  private readonly raw: RawBackend;

  constructor(backend: WebGPUBackend, shape: readonly number[], dtype: 'int32' | 'float32') {
    this.raw = backend as unknown as RawBackend;
    const info = backend.makeTensorInfo([...shape], dtype);
    this.tensor = tf.keep(tf.engine().makeTensorFromTensorInfo(info) as T);
    this.raw.uploadToGPU(info.dataId);
    const { resource } = this.raw.tensorMap.get(info.dataId);
    if (!(resource instanceof GPUBuffer)) throw new Error('A persistent input has no buffer on the device.');
    this.buffer = resource;
  }

  /**
   * Overwrites the tensor for everything that is recorded from now on; what was recorded before still reads the former values.
   * @param values as many as the tensor has, in its own type.
   */
  write(values: Int32Array | Float32Array): void {
    const { raw, tensor, buffer } = this;
    if (values.length !== tensor.size) throw new Error(`${values.length} values for ${tensor.size} places.`);
    // The queue runs writes and submissions in order: commands that are recorded only have to be on it first.
    if (raw.commandEncoder) {
      raw.endComputePassEncoder();
      raw.submitQueue();
    }
    raw.queue.writeBuffer(buffer, 0, values);
    raw.tensorMap.get(tensor.dataId).values = null;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}
