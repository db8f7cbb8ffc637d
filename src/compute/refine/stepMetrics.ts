import type { Operation, RecordedBuffer } from '../plan/recording';

const FLOATS = 6;
const BYTES = FLOATS * Float32Array.BYTES_PER_ELEMENT;

const CODE = `
@group(0) @binding(0) var<storage, read_write> metrics : array<f32>;
@group(0) @binding(1) var<storage, read> losses : array<f32>;
@compute @workgroup_size(1)
fn main() {
  for (var k = 0; k < 3; k++) {
    metrics[k] = losses[k];
    metrics[3 + k] += losses[k];
  }
}`;

/**
 * The last step's three losses and the sum of all steps' since the last read, on the device: a step adds to them, and nobody
 * waits before a row is logged.
 */
export class StepMetrics {
  private readonly values: GPUBuffer;
  private readonly staging: GPUBuffer;
  private readonly pipeline: GPUComputePipeline;

  constructor(private readonly device: GPUDevice) {
    const { STORAGE, COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.values = device.createBuffer({
      label: 'metrics',
      size: BYTES,
      usage: STORAGE | COPY_SRC | COPY_DST,
    });
    this.staging = device.createBuffer({ label: 'metrics read', size: BYTES, usage: COPY_DST | MAP_READ });
    const module = device.createShaderModule({ label: 'metrics', code: CODE });
    this.pipeline = device.createComputePipeline({ label: 'metrics', layout: 'auto', compute: { module } });
  }

  /** Takes a step's [total, classification, supcon] in. */
  operation(losses: RecordedBuffer): Operation {
    const read = { buffer: losses, offset: 0, size: losses.bytes, binding: 1, writes: false };
    const written = { buffer: this.values, offset: 0, size: BYTES, binding: 0, writes: true };
    return { kind: 'dispatch', pipeline: this.pipeline, bindings: [written, read], groups: [1, 1, 1] };
  }

  /** The three losses of the last step, then the three sums, which start again at zero. */
  async read(): Promise<Float32Array> {
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.values, 0, this.staging, 0, BYTES);
    encoder.clearBuffer(this.values);
    this.device.queue.submit([encoder.finish()]);
    await this.staging.mapAsync(GPUMapMode.READ);
    const copy = new Float32Array(this.staging.getMappedRange().slice(0));
    this.staging.unmap();
    return copy;
  }

  dispose(): void {
    this.values.destroy();
    this.staging.destroy();
  }
}
