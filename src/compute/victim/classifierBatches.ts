import { augmentBatch, type Augmentation } from '../../data/augment';
import { batchesPerEpoch, batchIndices, epochOrder } from '../../data/batches';
import type { ImageSplit } from '../../data/dataset';
import { toUnitFloats } from '../../data/pixels';
import { PURPOSE, RandomStream } from '../../data/random';
import { StudioError } from '../../protocol/errors';
import type { NormalizationSettings } from '../../protocol/experiment';
import type { Trigger } from '../attacks/attack';

/** A poisoning: which share of the training images gets the trigger and the target's label. */
export interface Poison {
  readonly trigger: Trigger;
  readonly target: number;
  /** Share of all training images, those of the target class included, in [0,1] (METHODS 2.1). */
  readonly rate: number;
}

/** A batch as the network takes it. */
export interface ClassifierBatch {
  /** float32 RGB, normalised, [N, H, W, 3]. */
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  /** One-hot, [N, K]. */
  readonly targets: Float32Array;
}

/** What batches are made from. */
export interface BatchSettings {
  readonly split: ImageSplit;
  readonly height: number;
  readonly width: number;
  readonly normalization: NormalizationSettings;
  readonly poison: Poison | null;
  readonly augmentation: Augmentation;
  readonly batchSize: number;
  readonly seed: number;
}

/**
 * The images that are poisoned: floor(count · rate) of all, drawn uniformly; which ones depends on the seed alone.
 * 1 at the place of a poisoned image, [count].
 */
export function poisonedImages(count: number, rate: number, seed: number): Uint8Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  new RandomStream(seed, PURPOSE.poison).shuffle(order);
  const poisoned = new Uint8Array(count);
  for (const index of order.subarray(0, Math.floor(count * rate))) poisoned[index] = 1;
  return poisoned;
}

/**
 * Training batches of a classifier by step number; a step's batch depends on the seed and the step alone. The trigger
 * goes on before the augmentation, as in the official code, so a flip mirrors it too.
 */
export class ClassifierBatches {
  readonly stepsPerEpoch: number;
  private readonly labels: Int32Array;
  private readonly poisoned: Uint8Array;
  private order: Uint32Array = new Uint32Array(0);
  private orderEpoch = -1;

  /** @throws StudioError `dataset/bad-labels`, `experiment/batch-too-large`. */
  constructor(
    private readonly settings: BatchSettings,
    private readonly classes: number,
  ) {
    const { split, batchSize, poison, seed } = settings;
    if (!split.labels) {
      throw new StudioError('dataset/bad-labels', 'A classifier can only be trained on images with labels.', {
        subject: 'dataset',
      });
    }
    const wrong = split.labels.find((label) => label < 0 || label >= classes);
    if (wrong !== undefined) {
      throw new StudioError(
        'dataset/bad-labels',
        `The training images carry the label ${wrong}, but the classifier has ${classes} classes.`,
        { subject: 'dataset' },
      );
    }
    this.labels = split.labels;
    this.stepsPerEpoch = batchesPerEpoch(split.count, batchSize);
    this.poisoned = poisonedImages(split.count, poison?.rate ?? 0, seed);
  }

  /** The batch of `step` (from 0). @throws what reading the images throws. */
  async batch(step: number): Promise<ClassifierBatch> {
    const { split, batchSize, seed } = this.settings;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.orderEpoch) {
      this.order = epochOrder(split.count, seed, epoch);
      this.orderEpoch = epoch;
    }
    const indices = batchIndices(this.order, batchSize, step % this.stepsPerEpoch);
    return this.assemble(indices, toUnitFloats(await split.read(indices)), epoch);
  }

  private assemble(indices: Uint32Array, pixels: Float32Array, epoch: number): ClassifierBatch {
    const { height, width, poison, augmentation, seed, split } = this.settings;
    const size = height * width * 3;
    const labels = Int32Array.from(indices, (index) => this.labels[index] ?? 0);
    if (poison) {
      indices.forEach((index, i) => {
        if (this.poisoned[index] !== 1) return;
        labels[i] = poison.target;
        pixels.set(poison.trigger.apply(pixels.subarray(i * size, (i + 1) * size), 1), i * size);
      });
    }
    const stream = (i: number) =>
      new RandomStream(seed, PURPOSE.augment, epoch * split.count + (indices[i] ?? 0));
    const augmented = augmentBatch(pixels, indices.length, height, width, augmentation, stream);
    const targets = new Float32Array(labels.length * this.classes);
    labels.forEach((label, i) => {
      targets[i * this.classes + label] = 1;
    });
    return { pixels: this.normalise(augmented), labels, targets };
  }

  /** (x - mean) / std by channel, in place. */
  private normalise(pixels: Float32Array): Float32Array {
    const { mean, std } = this.settings.normalization;
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = ((pixels[i] ?? 0) - (mean[i % 3] ?? 0)) / (std[i % 3] ?? 1);
    }
    return pixels;
  }
}
