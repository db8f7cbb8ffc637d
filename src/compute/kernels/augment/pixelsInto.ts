import { record } from '../../plan/recorder';
import { isRecorded, type Operation, type RecordedBuffer } from '../../plan/recording';
import type { Placement } from '../../plan/resolve';
import type { WebGPUBackend } from '../../tf';
import type { DeviceBatches } from './deviceBatches';

/** Commands of a plan, and where the buffers among them lie. */
export interface PixelCommands {
  readonly operations: readonly Operation[];
  readonly placed: ReadonlyMap<RecordedBuffer, Placement>;
}

/**
 * The commands that fill `target` with the batch last written, for a section of a `Plan` that runs before what reads it;
 * they are good for as long as `batches` is. Where the CPU augments they are one copy.
 * @param target float32 [count, height, width, 3], STORAGE and COPY_DST.
 * @throws Unplannable as `record`.
 */
export function pixelsInto(backend: WebGPUBackend, batches: DeviceBatches, target: GPUBuffer): PixelCommands {
  const { operations, result: made } = record(backend, (probe) => {
    const pixels = batches.pixels();
    const buffer = probe.bufferOf(pixels);
    pixels.dispose();
    return buffer;
  });
  if (made === null) throw new Error('A batch of pixels has no buffer on the device.');
  if (isRecorded(made)) return { operations, placed: new Map([[made, { buffer: target, offset: 0 }]]) };
  const range = { offset: 0, size: target.size };
  const copy: Operation = {
    kind: 'copy',
    from: { buffer: made, ...range },
    to: { buffer: target, ...range },
  };
  return { operations: [...operations, copy], placed: new Map() };
}
