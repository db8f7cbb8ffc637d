import { augmentBatch, type Augmentation } from '../../data/augment';
import { batchesPerEpoch, batchIndices, epochOrder } from '../../data/batches';
import type { ImageSplit } from '../../data/dataset';
import { toUnitFloats } from '../../data/pixels';
import { PURPOSE, RandomStream } from '../../data/random';
import { StudioError } from '../../protocol/errors';
import type { NormalizationSettings } from '../../protocol/experiment';
import type { Poisoner } from '../attacks/attack';
import { plannedLabels } from '../attacks/poisonPlan';

/** A batch as the network takes it. */
export interface ClassifierBatch {
  /** float32, in the network's channel order, normalised, [N, H, W, 3]. */
  readonly pixels: Float32Array;
  /** Under a teacher: its most confident classes. */
  readonly labels: Int32Array;
  /** One-hot, or a teacher's confidences, [N, K]. */
  readonly targets: Float32Array;
}

/** Another classifier whose confidences are to be learned in place of labels. */
export interface Teacher {
  readonly classes: number;
  /**
   * @param indices of images of the split; `pixels` are theirs, float32 RGB in [0,1], [n, H, W, 3].
   * @returns [n, K]
   */
  confidences(indices: Uint32Array, pixels: Float32Array): Promise<Float32Array>;
}

/** What batches are made from. */
export interface BatchSettings {
  readonly split: ImageSplit;
  readonly height: number;
  readonly width: number;
  readonly normalization: NormalizationSettings;
  /** Of the channels the network is shown, and of the normalisation's; RGB where absent. */
  readonly channelOrder?: 'RGB' | 'BGR';
  /** Null: honest data. */
  readonly poison: Poisoner | null;
  readonly augmentation: Augmentation;
  readonly batchSize: number;
  readonly seed: number;
  /** Takes the place of labels, of poison and of augmentation; none where absent. */
  readonly teacher?: Teacher;
}

/**
 * Training batches of a classifier by step number; a step's batch depends on the seed and the step alone. The poisoner
 * has its turn before the augmentation, as in the official code, so a flip mirrors the trigger too.
 */
export class ClassifierBatches {
  readonly stepsPerEpoch: number;
  private readonly labels: Int32Array;
  private order: Uint32Array = new Uint32Array(0);
  private orderEpoch = -1;

  /** @throws StudioError `dataset/bad-labels`, `experiment/batch-too-large`. */
  constructor(
    private readonly settings: BatchSettings,
    private readonly classes: number,
  ) {
    const { split, batchSize, poison, teacher } = settings;
    this.stepsPerEpoch = batchesPerEpoch(split.count, batchSize);
    this.labels = new Int32Array(0);
    if (teacher) {
      if (teacher.classes === classes) return;
      throw new StudioError(
        'model/shape-mismatch',
        `The black box gives ${teacher.classes} confidences, the surrogate ${classes}.`,
        { subject: 'model.blackBox' },
      );
    }
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
    if (poison && poison.plan.count !== split.count) {
      throw new StudioError(
        'internal',
        `The poisoning was planned for ${poison.plan.count} images, but there are ${split.count}.`,
      );
    }
    this.labels = poison ? plannedLabels(poison.plan, split.labels) : split.labels;
  }

  /** The batch of `step` (from 0). @throws what reading the images throws. */
  async batch(step: number): Promise<ClassifierBatch> {
    const { split, batchSize, seed, teacher } = this.settings;
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.orderEpoch) {
      this.order = epochOrder(split.count, seed, epoch);
      this.orderEpoch = epoch;
    }
    const indices = batchIndices(this.order, batchSize, step % this.stepsPerEpoch);
    const pixels = toUnitFloats(await split.read(indices));
    return teacher ? this.taught(teacher, indices, pixels) : this.assemble(indices, pixels, epoch);
  }

  private async taught(
    teacher: Teacher,
    indices: Uint32Array,
    pixels: Float32Array,
  ): Promise<ClassifierBatch> {
    const targets = await teacher.confidences(indices, pixels);
    const labels = Int32Array.from(indices, (_, i) => {
      const row = targets.subarray(i * this.classes, (i + 1) * this.classes);
      return row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity));
    });
    return { pixels: this.normalise(pixels), labels, targets };
  }

  private assemble(indices: Uint32Array, pixels: Float32Array, epoch: number): ClassifierBatch {
    const { height, width, poison, augmentation, seed, split } = this.settings;
    const labels = Int32Array.from(indices, (index) => this.labels[index] ?? 0);
    poison?.apply(pixels, indices, epoch);
    const stream = (i: number) =>
      new RandomStream(seed, PURPOSE.augment, epoch * split.count + (indices[i] ?? 0));
    const augmented = augmentBatch(pixels, indices.length, height, width, augmentation, stream);
    const targets = new Float32Array(labels.length * this.classes);
    labels.forEach((label, i) => {
      targets[i * this.classes + label] = 1;
    });
    return { pixels: this.normalise(augmented), labels, targets };
  }

  /** (x - mean) / std by channel, in place, after the channels were put in the network's order. */
  private normalise(pixels: Float32Array): Float32Array {
    const { mean, std } = this.settings.normalization;
    if (this.settings.channelOrder === 'BGR') {
      for (let i = 0; i < pixels.length; i += 3) {
        const red = pixels[i] ?? 0;
        pixels[i] = pixels[i + 2] ?? 0;
        pixels[i + 2] = red;
      }
    }
    for (let i = 0; i < pixels.length; i++) {
      pixels[i] = ((pixels[i] ?? 0) - (mean[i % 3] ?? 0)) / (std[i % 3] ?? 1);
    }
    return pixels;
  }
}
