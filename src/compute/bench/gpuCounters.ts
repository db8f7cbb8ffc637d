import { tf, type WebGPUBackend } from '../tf';

/** What was asked of a device since the last `take`. */
export interface GpuCounts {
  readonly dispatches: number;
  readonly submits: number;
  /** Values copied from JavaScript through a mapped buffer, as tfjs uploads tensors. */
  readonly uploads: number;
  /** `queue.writeBuffer` calls: a uniform block for each of tfjs's dispatches. */
  readonly uniformWrites: number;
  readonly bindGroups: number;
  /** Buffers created: 0 for a step that allocates nothing. */
  readonly buffers: number;
  /** Compute pipelines asked for: 0 for a step that compiles nothing. */
  readonly pipelines: number;
  /** Dispatches by kernel: tfjs's own go by their program's class, ours by their key or their pass's label. */
  readonly kernels: ReadonlyMap<string, number>;
}

const none = () => ({
  dispatches: 0,
  submits: 0,
  uploads: 0,
  uniformWrites: 0,
  bindGroups: 0,
  buffers: 0,
  pipelines: 0,
});

/**
 * Counts the work and the buffer bytes of one device, by wrapping the calls that make them; there is no way back. For
 * measuring only. Without a backend (another library's device) kernels have no names and live bytes are not known.
 */
export class GpuCounters {
  /** The most bytes that all buffers created and not yet destroyed had at once, pools included. */
  peakBytes = 0;
  /** The most bytes that tfjs's tensors had at once, looked at whenever something was dispatched or allocated. */
  peakLiveBytes = 0;
  /** Bytes of the buffers that exist now. */
  bytes = 0;
  private counts = none();
  private kernels = new Map<string, number>();
  private running = 'unnamed';
  /** Of tensors that were there before, which are another device's. */
  private readonly bytesBefore: number;

  constructor(
    device: GPUDevice,
    private readonly backend: WebGPUBackend | null,
  ) {
    this.bytesBefore = backend ? tf.engine().state.numBytes : 0;
    if (backend) this.nameKernels(backend);
    this.countWork(device);
    this.countBuffers(device);
    this.countPipelines(device);
  }

  /** The counts since the last call. */
  take(): GpuCounts {
    const taken = { ...this.counts, kernels: this.kernels };
    this.counts = none();
    this.kernels = new Map();
    return taken;
  }

  /** Bytes of the tensors that tfjs made since, variables included; 0 for another library's device. */
  liveBytes(): number {
    return this.backend ? tf.engine().state.numBytes - this.bytesBefore : 0;
  }

  /** Peaks are counted anew from what exists now. */
  resetPeaks(): void {
    this.peakBytes = this.bytes;
    this.peakLiveBytes = this.liveBytes();
  }

  private look(): void {
    this.peakBytes = Math.max(this.peakBytes, this.bytes);
    this.peakLiveBytes = Math.max(this.peakLiveBytes, this.liveBytes());
  }

  private nameKernels(backend: WebGPUBackend): void {
    const run = backend.runWebGPUProgram.bind(backend);
    backend.runWebGPUProgram = (program, ...rest) => {
      // The class of ours is Object; the backend replaces the key by a longer one.
      const key = program.shaderKey;
      this.running = key.startsWith('refine-') ? key : program.constructor.name;
      const result = run(program, ...rest);
      this.look();
      return result;
    };
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
      this.counts.buffers += 1;
      if (descriptor.mappedAtCreation) this.counts.uploads += 1;
      this.bytes += descriptor.size;
      this.look();
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        if (alive) this.bytes -= descriptor.size;
        alive = false;
        return destroy();
      };
      return buffer;
    };
  }

  private countPipelines(device: GPUDevice): void {
    const now = device.createComputePipeline.bind(device);
    device.createComputePipeline = (descriptor) => {
      this.counts.pipelines += 1;
      return now(descriptor);
    };
    const later = device.createComputePipelineAsync.bind(device);
    device.createComputePipelineAsync = (descriptor) => {
      this.counts.pipelines += 1;
      return later(descriptor);
    };
  }
}
