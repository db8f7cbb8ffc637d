import type { tf } from '../../tf';
import { type WebGPUBackend } from '../../tf';
import { WORKGROUP } from '../host';

/** The parts of `WebGPUBackend` (4.22.0) that commands of one's own need; two are private in TypeScript only. */
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

/** A kernel that rewrites several tensors element by element, given another that it reads and up to twelve numbers. */
export interface InPlaceKernel {
  readonly key: string;
  readonly written: readonly string[];
  readonly read: string;
  /** WGSL statements; `i` is the element, `h` the array<vec4<f32>, 3> of numbers. */
  readonly body: string;
}

/** The tensors of one application of a kernel: float32 and equally long. */
export interface InPlaceSet {
  /** In the order of the kernel's `written`. */
  readonly written: readonly tf.Tensor[];
  readonly read: tf.Tensor;
}

/** Sets that share a dispatch at most: as many as a browser's usual ten storage buffers hold. */
const MAX_SETS = 3;

interface DeviceState {
  readonly pipelines: Map<string, GPUComputePipeline>;
  readonly numbers: GPUBuffer;
  current: string;
}

const states = new WeakMap<GPUDevice, DeviceState>();
/** Size of the uniform buffer with an in-place kernel's numbers, `h`. */
export const NUMBERS_BYTES = 48;
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

function setsPerDispatch(device: GPUDevice, kernel: InPlaceKernel): number {
  const fitting = Math.floor(device.limits.maxStorageBuffersPerShaderStage / (kernel.written.length + 1));
  return Math.max(1, Math.min(MAX_SETS, fitting));
}

/** WGSL for `sets` sets: their elements are numbered through, and each set has its own buffers, `name0`, `name1`, ... */
function source(kernel: InPlaceKernel, sets: number): string {
  const names = [...kernel.written, kernel.read];
  const indices = Array.from({ length: sets }, (_, k) => k);
  const declarations = indices.flatMap((k) =>
    names.map((name, n) => {
      const access = name === kernel.read ? 'read' : 'read_write';
      return `@group(0) @binding(${k * names.length + n}) var<storage, ${access}> ${name}${k} : array<f32>;`;
    }),
  );
  const word = new RegExp(`\\b(${names.join('|')})\\b`, 'g');
  const blocks = indices.map(
    (k) => `
  if (i < arrayLength(&${kernel.read}${k})) {
${kernel.body.replace(word, `$1${k}`)}
    return;
  }
  i -= arrayLength(&${kernel.read}${k});`,
  );
  return `
${declarations.join('\n')}
@group(0) @binding(${sets * names.length}) var<uniform> h : array<vec4<f32>, 3>;
@compute @workgroup_size(${WORKGROUP})
fn main(@builtin(workgroup_id) group : vec3<u32>, @builtin(num_workgroups) groups : vec3<u32>, @builtin(local_invocation_index) lane : u32) {
  var i = (group.x + group.y * groups.x) * ${WORKGROUP}u + lane;
${blocks.join('\n')}
}`;
}

/**
 * The pipeline of `kernel` over `sets` sets, made once a device. Bindings: each set's `written` and its `read`, then `h`; a set
 * has as many elements as its `read`.
 */
export function inPlacePipeline(device: GPUDevice, kernel: InPlaceKernel, sets: number): GPUComputePipeline {
  const state = stateOf(device);
  const key = `${kernel.key}-${sets}`;
  const existing = state.pipelines.get(key);
  if (existing) return existing;
  const module = device.createShaderModule({ label: key, code: source(kernel, sets) });
  const pipeline = device.createComputePipeline({ label: key, layout: 'auto', compute: { module } });
  state.pipelines.set(key, pipeline);
  return pipeline;
}

/** The tensor's memory, which the commands being recorded hold from now on. */
function bindingOf(backend: RawBackend, tensor: tf.Tensor): GPUBufferBinding {
  backend.uploadToGPU(tensor.dataId);
  const { resource } = backend.tensorMap.get(tensor.dataId);
  backend.commandQueueOwnedIds.add(tensor.dataId);
  if (resource instanceof GPUBuffer) return { buffer: resource };
  // Parameters of a planned training are ranges of one buffer.
  if (typeof resource === 'object' && resource !== null && 'buffer' in resource)
    return resource as GPUBufferBinding;
  throw new Error('An optimiser tensor has no buffer on the device.');
}

/** How many workgroups an in-place kernel needs for this many elements. */
export function inPlaceGroups(elements: number): [number, number, number] {
  const groups = Math.ceil(elements / WORKGROUP);
  const rows = Math.ceil(groups / MAX_GROUPS_PER_DIMENSION);
  return [rows > 1 ? MAX_GROUPS_PER_DIMENSION : groups, rows, 1];
}

/**
 * Runs `kernel` over each of the sets, overwriting what is in `written`, several sets a dispatch and all in one pass. Every
 * tensor that shares their data (clones, reshapes, a variable's saved value) sees the new numbers, and values that tfjs had
 * cached on the CPU are dropped. No tensor may be written twice.
 */
export function runInPlace(
  host: WebGPUBackend,
  kernel: InPlaceKernel,
  sets: readonly InPlaceSet[],
  numbers: readonly number[],
): void {
  const backend = host as unknown as RawBackend;
  const { device } = backend;
  const state = stateOf(device);
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
  const bindings = sets.map(({ written, read }) => [...written, read].map((t) => bindingOf(backend, t)));
  backend.ensureCommandEncoderReady();
  backend.endComputePassEncoder();
  const pass = backend.commandEncoder.beginComputePass({ label: kernel.key });
  const width = setsPerDispatch(device, kernel);
  for (let start = 0; start < sets.length; start += width) {
    const part = bindings.slice(start, start + width);
    const pipeline = inPlacePipeline(device, kernel, part.length);
    const group = device.createBindGroup({
      layout: pipeline.getBindGroupLayout(0),
      entries: [...part.flat(), { buffer: state.numbers }].map((resource, binding) => ({
        binding,
        resource,
      })),
    });
    const size = sets.slice(start, start + width).reduce((sum, { read }) => sum + read.size, 0);
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, group);
    pass.dispatchWorkgroups(...inPlaceGroups(size));
  }
  pass.end();
  for (const tensor of sets.flatMap(({ written }) => written))
    backend.tensorMap.get(tensor.dataId).values = null;
}
