import type { tf } from '../../tf';
import { type WebGPUBackend } from '../../tf';
import { WORKGROUP } from '../host';

/**
 * The parts of `WebGPUBackend` (4.22.0) that a dispatch with several outputs needs. Two of them are private in TypeScript only;
 * `runWebGPUProgram` binds exactly one writable buffer.
 */
interface RawBackend {
  readonly device: GPUDevice;
  readonly tensorMap: { get(id: tf.DataId): { values: unknown; resource?: unknown } };
  readonly commandEncoder: GPUCommandEncoder;
  readonly commandQueueOwnedIds: WeakSet<object>;
  uploadToGPU(id: tf.DataId): void;
  ensureCommandEncoderReady(): void;
  endComputePassEncoder(): void;
  submitQueue(): void;
}

/** A kernel that rewrites several buffers: `written` of them (binding 0 on), then one that is read, then up to twelve numbers. */
export interface InPlaceKernel {
  readonly key: string;
  readonly written: readonly string[];
  readonly read: string;
  /** WGSL statements; `i` is the element, `h` the array<vec4<f32>, 3> of numbers. */
  readonly body: string;
}

interface DeviceState {
  readonly pipelines: Map<string, GPUComputePipeline>;
  readonly numbers: GPUBuffer;
  current: string;
}

const states = new WeakMap<GPUDevice, DeviceState>();
const NUMBERS_BYTES = 48;
const MAX_GROUPS_PER_DIMENSION = 65535;

function stateOf(device: GPUDevice): DeviceState {
  const existing = states.get(device);
  if (existing) return existing;
  const numbers = device.createBuffer({
    label: 'optimizer numbers',
    size: NUMBERS_BYTES,
    usage: GPUBufferUsage.UNIFORM | GPUBufferUsage.COPY_DST,
  });
  const state: DeviceState = { pipelines: new Map(), numbers, current: '' };
  states.set(device, state);
  return state;
}

function pipelineOf(device: GPUDevice, state: DeviceState, kernel: InPlaceKernel): GPUComputePipeline {
  const existing = state.pipelines.get(kernel.key);
  if (existing) return existing;
  const declare = (name: string, binding: number, access: string): string =>
    `@group(0) @binding(${binding}) var<storage, ${access}> ${name} : array<f32>;`;
  const code = `
${kernel.written.map((name, binding) => declare(name, binding, 'read_write')).join('\n')}
${declare(kernel.read, kernel.written.length, 'read')}
@group(0) @binding(${kernel.written.length + 1}) var<uniform> h : array<vec4<f32>, 3>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(num_workgroups) groups : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  let i = (group.x + group.y * groups.x) * ${WORKGROUP}u + lane;
  if (i >= arrayLength(&${kernel.read})) { return; }
${kernel.body}
}`;
  const module = device.createShaderModule({ label: kernel.key, code });
  const pipeline = device.createComputePipeline({ label: kernel.key, layout: 'auto', compute: { module } });
  state.pipelines.set(kernel.key, pipeline);
  return pipeline;
}

/**
 * Runs `kernel` over equally long float32 tensors, overwriting those in `written`. Every tensor that shares their data (clones,
 * reshapes, a variable's saved value) sees the new numbers, and values that tfjs had cached on the CPU are dropped.
 */
export function runInPlace(
  host: WebGPUBackend,
  kernel: InPlaceKernel,
  written: readonly tf.Tensor[],
  read: tf.Tensor,
  numbers: readonly number[],
): void {
  const backend = host as unknown as RawBackend;
  const { device } = backend;
  const state = stateOf(device);
  const pipeline = pipelineOf(device, state, kernel);
  const wanted = numbers.join();
  if (state.current !== wanted) {
    // Dispatches recorded with the former numbers must be on the queue before the buffer changes.
    backend.ensureCommandEncoderReady();
    backend.endComputePassEncoder();
    backend.submitQueue();
    const data = new Float32Array(NUMBERS_BYTES / 4);
    data.set(numbers);
    device.queue.writeBuffer(state.numbers, 0, data);
    state.current = wanted;
  }
  const buffers = [...written, read].map((tensor) => {
    backend.uploadToGPU(tensor.dataId);
    const { resource } = backend.tensorMap.get(tensor.dataId);
    if (!(resource instanceof GPUBuffer)) throw new Error('An optimiser tensor has no buffer on the device.');
    backend.commandQueueOwnedIds.add(tensor.dataId);
    return resource;
  });
  const group = device.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [...buffers, state.numbers].map((buffer, binding) => ({ binding, resource: { buffer } })),
  });
  const groups = Math.ceil(read.size / WORKGROUP);
  const rows = Math.ceil(groups / MAX_GROUPS_PER_DIMENSION);
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  const pass = backend.commandEncoder.beginComputePass({ label: kernel.key });
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, group);
  pass.dispatchWorkgroups(rows > 1 ? MAX_GROUPS_PER_DIMENSION : groups, rows);
  pass.end();
  for (const tensor of written) backend.tensorMap.get(tensor.dataId).values = null;
}
