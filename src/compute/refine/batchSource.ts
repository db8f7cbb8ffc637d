import { augmentBatch } from '../../data/augment';
import { batchesPerEpoch, batchIndices, epochOrder } from '../../data/batches';
import type { ImageSplit } from '../../data/dataset';
import { toUnitFloats } from '../../data/pixels';
import { PURPOSE, RandomStream } from '../../data/random';
import type { RefineSettings } from '../../protocol/experiment';

/** One step's images. */
export interface Batch {
  /** Which images of the split they are. */
  readonly indices: ArrayLike<number>;
  /** Float32 RGB in [0,1], [batchSize, H, W, 3], augmented where the settings say so. */
  readonly pixels: Float32Array;
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
   * The batch of `step`.
   * @throws StudioError `dataset/decode-failed` naming the file that could not be decoded.
   */
  async batch(step: number): Promise<Batch> {
    const { batchSize, augmentation } = this.settings;
    const { height, width } = this.size;
    const epoch = this.epochOf(step);
    if (epoch !== this.orderEpoch) {
      this.order = epochOrder(this.split.count, this.seed, epoch);
      this.orderEpoch = epoch;
    }
    const indices = batchIndices(this.order, batchSize, step % this.stepsPerEpoch);
    const read = toUnitFloats(await this.split.read(indices));
    const pixels = augmentBatch(read, indices.length, height, width, augmentation, (i) => {
      return new RandomStream(this.seed, PURPOSE.augment, epoch * this.split.count + (indices[i] ?? 0));
    });
    return { indices, pixels };
  }
}
