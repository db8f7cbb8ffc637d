import { augmentBytes, streamWords, type ByteImages } from '../../data/augment';
import { batchesPerEpoch, batchIndices, epochOrder } from '../../data/batches';
import type { ImageSplit } from '../../data/dataset';
import type { RefineSettings } from '../../protocol/experiment';

/** One step's images. */
export interface Batch {
  /** Which images of the split they are. */
  readonly indices: ArrayLike<number>;
  /** Float32 RGB in [0,1], [batchSize, H, W, 3], augmented where the settings say so. */
  readonly pixels: Float32Array;
}

/** One step's images as they are stored, not augmented yet; the bytes may be the data set's own and must not be changed. */
export interface ByteBatch extends ByteImages {
  /** Which images of the split they are. */
  readonly indices: ArrayLike<number>;
}

/** Training batches by step number: which images, and how they are augmented, depend on seed and step alone. */
export class BatchSource {
  readonly stepsPerEpoch: number;
  private order: Uint32Array = new Uint32Array(0);
  private orderEpoch = -1;

  /** @throws StudioError `experiment/batch-too-large` for a batch larger than the data set. */
  constructor(
    private readonly split: ImageSplit,
    private readonly size: { readonly height: number; readonly width: number },
    private readonly settings: Pick<RefineSettings, 'batchSize' | 'augmentation'>,
    private readonly seed: number,
  ) {
    this.stepsPerEpoch = batchesPerEpoch(split.count, settings.batchSize);
  }

  /** The epoch (0-based) that `step` belongs to. */
  epochOf(step: number): number {
    return Math.floor(step / this.stepsPerEpoch);
  }

  /**
   * The batch of `step`, augmented on the CPU.
   * @throws StudioError `dataset/decode-failed` naming the file that could not be decoded.
   */
  async batch(step: number): Promise<Batch> {
    const { height, width } = this.size;
    const images = await this.bytesOf(step);
    const pixels = augmentBytes(images, height, width, this.settings.augmentation, this.seed);
    return { indices: images.indices, pixels };
  }

  /**
   * The same batch for `DeviceBatches`, which augments it with the draws that `batch` takes.
   * @throws StudioError `dataset/decode-failed` naming the file that could not be decoded.
   */
  async bytesOf(step: number): Promise<ByteBatch> {
    const epoch = this.epochOf(step);
    if (epoch !== this.orderEpoch) {
      this.order = epochOrder(this.split.count, this.seed, epoch);
      this.orderEpoch = epoch;
    }
    const indices = batchIndices(this.order, this.settings.batchSize, step % this.stepsPerEpoch);
    const streams = streamWords(indices, epoch * this.split.count);
    return { indices, streams, bytes: await this.split.read(indices) };
  }
}
