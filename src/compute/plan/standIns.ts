import type { BoundRange, Operation, Range, RecordedBuffer } from './recording';
import { isRecorded } from './recording';
import { Unplannable } from './unplannable';
import { writesOf } from './watchPipelines';

/** A buffer that is asked for, never made: tfjs takes it for a real one. */
export type StandInBuffer = GPUBuffer & RecordedBuffer;

/** Makes a stand-in of `bytes`; one that is `mapped` takes what JavaScript writes as its content. */
export function standInBuffer(
  id: number,
  bytes: number,
  usage: GPUBufferUsageFlags,
  mapped: boolean,
): StandInBuffer {
  const content = mapped ? new Uint8Array(bytes) : null;
  // tfjs asks `instanceof GPUBuffer`.
  const buffer = Object.create(GPUBuffer.prototype) as StandInBuffer;
  const own = {
    id,
    bytes,
    content,
    size: bytes,
    usage,
    label: '',
    mapState: mapped ? 'mapped' : 'unmapped',
    getMappedRange: () => {
      if (!content) throw new Unplannable('the step reads back from the GPU');
      return content.buffer;
    },
    unmap: () => undefined,
    mapAsync: () => Promise.reject(new Unplannable('the step reads back from the GPU')),
    destroy: () => undefined,
  };
  for (const [name, value] of Object.entries(own))
    Object.defineProperty(buffer, name, { value, writable: true, enumerable: true });
  return buffer;
}

const ranges = new WeakMap<GPUBindGroup, readonly (Range & { readonly binding: number })[]>();

/** A bind group that only remembers its entries. */
export function standInBindGroup(descriptor: GPUBindGroupDescriptor): GPUBindGroup {
  const group = Object.create(GPUBindGroup.prototype) as GPUBindGroup;
  const entries = Array.from(descriptor.entries, ({ binding, resource }) => {
    const range = rangeOf(resource);
    if (!range) throw new Unplannable('a shader binds something that is no buffer');
    return { binding, ...range };
  });
  ranges.set(group, entries);
  return group;
}

function rangeOf(resource: GPUBindingResource): Range | null {
  if (resource instanceof GPUBuffer) return { buffer: resource, offset: 0, size: resource.size };
  if (!('buffer' in resource)) return null;
  const { buffer, offset = 0, size = buffer.size - offset } = resource;
  return { buffer, offset, size };
}

class StandInPass {
  private pipeline: GPUComputePipeline | null = null;
  private group: GPUBindGroup | null = null;

  constructor(private readonly operations: Operation[]) {}

  setPipeline(pipeline: GPUComputePipeline): void {
    this.pipeline = pipeline;
  }

  setBindGroup(index: number, group: GPUBindGroup, dynamicOffsets?: Iterable<number>): void {
    if (index !== 0 || dynamicOffsets)
      throw new Unplannable('a shader uses other bind groups than the first');
    this.group = group;
  }

  dispatchWorkgroups(x: number, y = 1, z = 1): void {
    const { pipeline, group } = this;
    const entries = group && ranges.get(group);
    if (!pipeline || !entries) throw new Unplannable('a bind group was made before the step');
    const writes = writesOf(pipeline);
    if (!writes) throw new Unplannable(`what the shader ${pipeline.label} writes is not known`);
    const bindings = entries.map((entry): BoundRange => ({ ...entry, writes: writes.has(entry.binding) }));
    this.operations.push({ kind: 'dispatch', pipeline, bindings, groups: [x, y, z] });
  }

  dispatchWorkgroupsIndirect(): never {
    throw new Unplannable('a shader is dispatched indirectly');
  }

  end(): void {
    this.pipeline = null;
  }
  pushDebugGroup(): void {
    return;
  }
  popDebugGroup(): void {
    return;
  }
  insertDebugMarker(): void {
    return;
  }
}

class StandInEncoder {
  constructor(private readonly operations: Operation[]) {}

  beginComputePass(): GPUComputePassEncoder {
    return new StandInPass(this.operations) as unknown as GPUComputePassEncoder;
  }

  copyBufferToBuffer(
    source: GPUBuffer,
    sourceOffset: number,
    target: GPUBuffer,
    offset: number,
    size: number,
  ): void {
    const from = { buffer: source, offset: sourceOffset, size };
    this.operations.push({ kind: 'copy', from, to: { buffer: target, offset, size } });
  }

  finish(): GPUCommandBuffer {
    return {} as GPUCommandBuffer;
  }
}

/** An encoder whose commands go to `operations`. Anything else that encoders can do is not there, and fails the recording. */
export function standInEncoder(operations: Operation[]): GPUCommandEncoder {
  return new StandInEncoder(operations) as unknown as GPUCommandEncoder;
}

/** `queue.writeBuffer` for stand-ins. */
export function writeContent(
  buffer: GPUBuffer,
  offset: number,
  data: GPUAllowSharedBufferSource,
  dataOffset = 0,
  size?: number,
): undefined {
  if (!isRecorded(buffer)) throw new Unplannable('a kernel writes to a buffer of its own');
  const scale = ArrayBuffer.isView(data) && 'BYTES_PER_ELEMENT' in data ? Number(data.BYTES_PER_ELEMENT) : 1;
  const bytes = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  const start = dataOffset * scale;
  const end = size === undefined ? bytes.length : start + size * scale;
  buffer.content ??= new Uint8Array(buffer.bytes);
  buffer.content.set(bytes.subarray(start, end), offset);
}
