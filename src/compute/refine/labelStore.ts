import type { LabelCache } from './labelCache';

/** Pseudo-labels that were computed and not read yet, on the device: an epoch's worth is read at once. */
export class LabelStore {
  private readonly values: GPUBuffer;
  private readonly staging: GPUBuffer;
  private readonly waiting: ArrayLike<number>[] = [];
  private readonly batchBytes: number;

  /** Holds `batches` batches of `batchSize`. */
  constructor(
    private readonly device: GPUDevice,
    private readonly batches: number,
    batchSize: number,
  ) {
    this.batchBytes = batchSize * Int32Array.BYTES_PER_ELEMENT;
    const size = batches * this.batchBytes;
    const { COPY_SRC, COPY_DST, MAP_READ } = GPUBufferUsage;
    this.values = device.createBuffer({ label: 'labels', size, usage: COPY_SRC | COPY_DST });
    this.staging = device.createBuffer({ label: 'labels read', size, usage: COPY_DST | MAP_READ });
  }

  /** Whether there is no room before the next `moveTo`. */
  get full(): boolean {
    return this.waiting.length === this.batches;
  }

  /** Copies the labels of these images, when the commands of `encoder` run. */
  keep(encoder: GPUCommandEncoder, labels: GPUBuffer, indices: ArrayLike<number>): void {
    encoder.copyBufferToBuffer(
      labels,
      0,
      this.values,
      this.waiting.length * this.batchBytes,
      this.batchBytes,
    );
    this.waiting.push(indices);
  }

  /** Reads what waits into the cache. */
  async moveTo(cache: LabelCache): Promise<void> {
    if (this.waiting.length === 0) return;
    const size = this.waiting.length * this.batchBytes;
    const encoder = this.device.createCommandEncoder();
    encoder.copyBufferToBuffer(this.values, 0, this.staging, 0, size);
    this.device.queue.submit([encoder.finish()]);
    await this.staging.mapAsync(GPUMapMode.READ, 0, size);
    const labels = new Int32Array(this.staging.getMappedRange(0, size).slice(0));
    this.staging.unmap();
    const length = this.batchBytes / Int32Array.BYTES_PER_ELEMENT;
    this.waiting.forEach((indices, i) => cache.keep(indices, labels.subarray(i * length, (i + 1) * length)));
    this.waiting.length = 0;
  }

  dispose(): void {
    this.values.destroy();
    this.staging.destroy();
  }
}
