import type { OpenDevice } from '../src/compute/device/device';

/** What was asked of the device since the last `take`. */
export interface GpuCounts {
  readonly dispatches: number;
  readonly submits: number;
  /** Values copied from JavaScript through a mapped buffer, as tfjs uploads tensors. */
  readonly uploads: number;
  /** `queue.writeBuffer` calls: a uniform block for each of tfjs's dispatches. */
  readonly uniformWrites: number;
  readonly bindGroups: number;
  /** Dispatches by kernel: tfjs's own go by their program's class, ours by their key. */
  readonly kernels: ReadonlyMap<string, number>;
}

const none = () => ({ dispatches: 0, submits: 0, uploads: 0, uniformWrites: 0, bindGroups: 0 });

/** Counts the work and the buffer bytes of one device, by wrapping the calls that make them. For measuring only. */
export class GpuCounters {
  /** The most bytes that all buffers created and not yet destroyed had at once, tfjs's pools included. */
  peakBytes = 0;
  private bytes = 0;
  private counts = none();
  private kernels = new Map<string, number>();
  private running = 'unnamed';

  constructor({ device, backend }: OpenDevice) {
    const run = backend.runWebGPUProgram.bind(backend);
    backend.runWebGPUProgram = (program, ...rest) => {
      // The class of ours is Object; the backend replaces the key by a longer one.
      const key = program.shaderKey;
      this.running = key.startsWith('refine-') ? key : program.constructor.name;
      return run(program, ...rest);
    };
    this.countWork(device);
    this.countBuffers(device);
  }

  /** The counts since the last call. */
  take(): GpuCounts {
    const taken = { ...this.counts, kernels: this.kernels };
    this.counts = none();
    this.kernels = new Map();
    return taken;
  }

  private countWork(device: GPUDevice): void {
    const { queue } = device;
    const createBindGroup = device.createBindGroup.bind(device);
    device.createBindGroup = (descriptor) => {
      this.counts.bindGroups += 1;
      return createBindGroup(descriptor);
    };
    const submit = queue.submit.bind(queue);
    queue.submit = (buffers) => {
      this.counts.submits += 1;
      submit(buffers);
    };
    const write = queue.writeBuffer.bind(queue);
    queue.writeBuffer = (...args: Parameters<GPUQueue['writeBuffer']>) => {
      this.counts.uniformWrites += 1;
      write(...args);
    };
    const createEncoder = device.createCommandEncoder.bind(device);
    device.createCommandEncoder = (descriptor) => {
      const encoder = createEncoder(descriptor);
      const begin = encoder.beginComputePass.bind(encoder);
      encoder.beginComputePass = (pass) => this.countPass(begin(pass), pass?.label);
      return encoder;
    };
  }

  private countPass(pass: GPUComputePassEncoder, label = ''): GPUComputePassEncoder {
    const dispatch = pass.dispatchWorkgroups.bind(pass);
    pass.dispatchWorkgroups = (x, y, z) => {
      this.counts.dispatches += 1;
      const name = label === '' ? this.running : label;
      this.kernels.set(name, (this.kernels.get(name) ?? 0) + 1);
      dispatch(x, y, z);
    };
    return pass;
  }

  private countBuffers(device: GPUDevice): void {
    const create = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = create(descriptor);
      let alive = true;
      if (descriptor.mappedAtCreation) this.counts.uploads += 1;
      this.bytes += descriptor.size;
      this.peakBytes = Math.max(this.peakBytes, this.bytes);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        if (alive) this.bytes -= descriptor.size;
        alive = false;
        return destroy();
      };
      return buffer;
    };
  }
}
