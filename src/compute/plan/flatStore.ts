import { type tf, type WebGPUBackend } from '../tf';
import { flush, internalsOf } from './internals';
import { layoutLimits } from './limits';
import { Unplannable } from './unplannable';

/** One buffer that holds several tensors, one behind another, with zeros between them for alignment. */
export interface FlatLayout {
  /** Where each tensor starts, in bytes. */
  readonly offsets: readonly number[];
  readonly sizes: readonly number[];
  /** Of the whole. */
  readonly bytes: number;
}

/** The layout of tensors of these sizes (bytes) on a device. */
export function flatLayout(device: GPUDevice, sizes: readonly number[]): FlatLayout {
  const { alignment } = layoutLimits(device);
  let bytes = 0;
  const offsets = sizes.map((size) => {
    const offset = bytes;
    bytes += Math.ceil(size / alignment) * alignment;
    return offset;
  });
  return { offsets, sizes, bytes };
}

/** A zeroed buffer for `layout`. @throws Unplannable where the device has no bindings that large. */
export function flatBuffer(device: GPUDevice, layout: FlatLayout, label: string): GPUBuffer {
  if (layout.bytes > Math.min(device.limits.maxStorageBufferBindingSize, device.limits.maxBufferSize))
    throw new Unplannable('the parameters do not fit one buffer of this device');
  return device.createBuffer({
    label,
    size: layout.bytes,
    usage: GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_SRC | GPUBufferUsage.COPY_DST,
  });
}

/**
 * Moves float32 tensors into one buffer, which the caller destroys after the tensors are disposed. They stay usable as
 * tensors, everywhere but in `data()`: read a copy (`readTogether`).
 */
export function moveInto(
  backend: WebGPUBackend,
  tensors: readonly tf.Tensor[],
  layout: FlatLayout,
  buffer: GPUBuffer,
): void {
  const inner = internalsOf(backend);
  if (!inner) throw new Unplannable('this tfjs is built otherwise than 4.22.0');
  flush(inner);
  const encoder = inner.device.createCommandEncoder();
  const former: GPUBuffer[] = [];
  tensors.forEach(({ dataId }, i) => {
    const data = inner.tensorMap.get(dataId);
    const [offset, size] = [layout.offsets[i] ?? 0, layout.sizes[i] ?? 0];
    if (data.resource instanceof GPUBuffer) {
      encoder.copyBufferToBuffer(data.resource, 0, buffer, offset, size);
      former.push(data.resource);
    } else if (data.values instanceof Float32Array) {
      inner.queue.writeBuffer(buffer, offset, data.values as Float32Array<ArrayBuffer>);
    } else throw new Unplannable('a parameter has no values');
    data.values = null;
    data.resource = { buffer, offset, size };
  });
  inner.queue.submit([encoder.finish()]);
  for (const old of former) inner.bufferManager.releaseBuffer(old, false);
}
