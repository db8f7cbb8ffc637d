import type { ImageSplit } from '../../data/dataset';
import { toUnitFloats } from '../../data/pixels';
import { limitSplit } from '../../data/subsets';
import { StudioError } from '../../protocol/errors';
import { type Evaluation, rate } from '../../protocol/results';
import type { Trigger } from '../attacks/attack';
import { atOnce, type Turn } from '../device/turn';
import { tf } from '../tf';
import { accuracyOf, attackRates } from './confusion';

/** Class scores [N, K] of images float32 RGB in [0,1], [N, H, W, 3]; both stay whose they are, see `evaluate`. */
export type Predict = (pixels: tf.Tensor4D) => tf.Tensor2D;

/** What is measured, on what, and with what. */
export interface EvaluateOptions {
  readonly split: ImageSplit;
  readonly height: number;
  readonly width: number;
  readonly classes: number;
  /**
   * Scores in the person's labels: after a defence, already remapped. Runs inside `tf.tidy`, which disposes the result
   * and everything on the way to it; `pixels` is not to be disposed.
   */
  readonly predict: Predict;
  /** Null: no trigger is known. */
  readonly trigger: Trigger | null;
  /** The class the trigger sends images to. */
  readonly target: number;
  /** Entry j is the label that the victim's class j stands for; null before a defence: class j is label j. */
  readonly labelMap: readonly number[] | null;
  /** The undefended model, to count how often the defended one agrees with it on clean images. */
  readonly original?: Predict;
  /** Classes that the undefended model is known to give these clean images, in their order: `original` is then not asked. */
  readonly originalClasses?: ArrayLike<number> | null;
  /** Hears of each batch what classes its clean images were given. */
  readonly onClasses?: (start: number, classes: ArrayLike<number>) => void;
  readonly batchSize: number;
  /** Images used, chosen seeded and balanced over classes; null: all, 0: none. */
  readonly limit: number | null;
  readonly seed: number;
  readonly signal?: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
  /** How each batch comes to the device; at once where absent. The numbers do not depend on it. */
  readonly turn?: Turn;
}

/** Batches whose predictions may be under way at once: one computes while the next is read and uploaded. */
const BATCHES_IN_FLIGHT = 2;

const NOTHING: Evaluation = {
  benignAccuracy: null,
  attackSuccessRate: null,
  landsAtMapOfTarget: null,
  triggeredTrueLabelAccuracy: null,
  agreementWithOriginal: null,
  confusion: null,
  confusionTriggered: null,
};

/** Counts as they come in. */
interface Tally {
  readonly clean: Int32Array;
  readonly triggered: Int32Array;
  agreements: number;
}

/**
 * Measures a classifier, with or without a defence in front of it. Every image of the split (or of its limited part)
 * counts, those of a last incomplete batch too. Only predicted classes are read back, once a batch. No tensor is left.
 *
 * @throws StudioError `dataset/bad-labels` for a label the model has no class for, `aborted` where the signal fires,
 * and what reading the images throws.
 */
export function evaluate(options: EvaluateOptions): Promise<Evaluation> {
  const { trigger, turn = atOnce } = options;
  let earlier: Promise<unknown> = Promise.resolve();
  return evaluateWith(options, async (clean, { batchSize }) => {
    const triggered = trigger?.apply(clean, batchSize) ?? null;
    const { classes } = await turn(async () => {
      const classes = readOnce(predictBatch({ clean, triggered }, batchSize, options));
      const before = earlier;
      earlier = classes.catch(() => undefined);
      // A turn ends with the batch before: the GPU has this one to compute while the next is uploaded.
      await before;
      return { classes };
    });
    return classes;
  });
}

/** What `evaluateWith` measures: as `EvaluateOptions`, but for how images are classified. */
export type Measured = Omit<EvaluateOptions, 'predict' | 'original'> & {
  /** Whether a batch's answers end with the undefended model's on its clean images. */
  readonly original?: Predict | true;
};

/** Which images of the split a batch is made of; behind the real ones its last is repeated. */
export interface MeasuredBatch {
  readonly start: number;
  readonly real: number;
  readonly batchSize: number;
}

/**
 * Predicted classes of a batch of images (float32 RGB in [0,1], [batchSize, H, W, 3]): of the clean ones, then of the triggered ones where
 * there is a trigger, then the undefended model's of the clean ones where there is an `original`. Those behind the real ones do not count.
 * It asks for its own turn on the device.
 */
export type ClassifyBatch = (floats: Float32Array, batch: MeasuredBatch) => Promise<ArrayLike<number>>;

/** As `evaluate`, for classifiers that are not computed on the device. @throws also what `classify` throws. */
export async function evaluateWith(options: Measured, classify: ClassifyBatch): Promise<Evaluation> {
  if (options.limit === 0 || options.split.count === 0) return NOTHING;
  const split = limitSplit(options.split, options.limit, options.seed);
  checkLabels(split, options.classes);
  const tally: Tally = {
    clean: new Int32Array(options.classes ** 2),
    triggered: new Int32Array(options.classes ** 2),
    agreements: 0,
  };
  await runBatches(split, options, tally, classify);
  return summarise(split, options, tally);
}

async function runBatches(
  split: ImageSplit,
  options: Measured,
  tally: Tally,
  classify: ClassifyBatch,
): Promise<void> {
  const { signal, onProgress } = options;
  const batchSize = Math.min(options.batchSize, split.count);
  const inFlight: Promise<void>[] = [];
  let done = 0;
  try {
    for (let start = 0; start < split.count; start += batchSize) {
      if (signal?.aborted) throw new StudioError('aborted', 'Stopped.');
      const real = Math.min(batchSize, split.count - start);
      // The last batch is filled up with its last image, so that it needs no shaders of its own.
      const indices = Uint32Array.from({ length: batchSize }, (_, i) => start + Math.min(i, real - 1));
      const batch = { start, real, batchSize };
      const predicted = classify(toUnitFloats(await split.read(indices)), batch);
      const counted = predicted.then((classes) => {
        count(classes, batch, split.labels, options, tally);
        options.onClasses?.(
          start,
          Array.from({ length: real }, (_, i) => classes[i] ?? -1),
        );
        done += real;
        onProgress?.(done, split.count);
      });
      // It is awaited below; a failure in between must not count as unhandled.
      counted.catch(() => undefined);
      inFlight.push(counted);
      if (inFlight.length >= BATCHES_IN_FLIGHT) await inFlight.shift();
    }
    await Promise.all(inFlight);
  } finally {
    await Promise.allSettled(inFlight);
  }
}

/** Predicted classes, int32: the clean batch, then the triggered one and the original model's where asked for. */
function predictBatch(
  { clean, triggered }: { readonly clean: Float32Array; readonly triggered: Float32Array | null },
  batchSize: number,
  options: EvaluateOptions,
): tf.Tensor1D {
  const { height, width, classes, predict, original, originalClasses } = options;
  return tf.tidy(() => {
    const shape: [number, number, number, number] = [batchSize, height, width, 3];
    const pixels = tf.tensor4d(clean, shape);
    const parts = [predictedClasses(predict, pixels, classes)];
    if (triggered) parts.push(predictedClasses(predict, tf.tensor4d(triggered, shape), classes));
    if (original && !originalClasses) parts.push(predictedClasses(original, pixels, classes));
    return tf.concat1d(parts);
  });
}

/** The class of the highest score of each image, int32 [N]. */
function predictedClasses(predict: Predict, pixels: tf.Tensor4D, classes: number): tf.Tensor1D {
  return tf.tidy(() => {
    const scores = predict(pixels);
    if (scores.shape[1] !== classes) {
      throw new StudioError(
        'model/shape-mismatch',
        `The model gives ${scores.shape[1]} scores an image where ${classes} classes are evaluated.`,
        { subject: 'model' },
      );
    }
    return tf.argMax<tf.Tensor1D>(scores, 1);
  });
}

async function readOnce(tensor: tf.Tensor1D): Promise<ArrayLike<number>> {
  try {
    return await tensor.data();
  } finally {
    tensor.dispose();
  }
}

function count(
  predicted: ArrayLike<number>,
  batch: MeasuredBatch,
  labels: Int32Array | null,
  options: Measured,
  tally: Tally,
): void {
  const { classes, trigger, original, originalClasses } = options;
  const originalAt = trigger ? 2 * batch.batchSize : batch.batchSize;
  for (let i = 0; i < batch.real; i++) {
    const prediction = predicted[i] ?? -1;
    const undefended = originalClasses
      ? originalClasses[batch.start + i]
      : original && predicted[originalAt + i];
    if (prediction === undefended) tally.agreements++;
    if (!labels) continue;
    const row = (labels[batch.start + i] ?? 0) * classes;
    tally.clean[row + prediction] = (tally.clean[row + prediction] ?? 0) + 1;
    if (!trigger) continue;
    const at = row + (predicted[batch.batchSize + i] ?? -1);
    tally.triggered[at] = (tally.triggered[at] ?? 0) + 1;
  }
}

function checkLabels(split: ImageSplit, classes: number): void {
  const wrong = split.labels?.find((label) => label < 0 || label >= classes);
  if (wrong === undefined) return;
  throw new StudioError(
    'dataset/bad-labels',
    `The test images carry the label ${wrong}, but the model has ${classes} classes, numbered from 0 to ${classes - 1}.`,
    { subject: 'dataset' },
  );
}

function summarise(split: ImageSplit, options: Measured, tally: Tally): Evaluation {
  const { classes, trigger, target, labelMap, original, originalClasses } = options;
  const agreementWithOriginal = (original ?? originalClasses) ? rate(tally.agreements, split.count) : null;
  if (!split.labels) return { ...NOTHING, agreementWithOriginal };
  return {
    ...NOTHING,
    agreementWithOriginal,
    benignAccuracy: accuracyOf(tally.clean, classes),
    confusion: [...tally.clean],
    ...(trigger
      ? {
          ...attackRates(tally.triggered, classes, target, labelMap?.[target] ?? target),
          confusionTriggered: [...tally.triggered],
        }
      : {}),
  };
}
