import type { ModelSettings, RefineSettings } from '../../protocol/experiment';
import type { Evaluation } from '../../protocol/results';
import { evaluateWith, type Measured, type MeasuredBatch, type Predict } from '../analysis/evaluate';
import { atOnce } from '../device/turn';
import { tf } from '../tf';
import type { BlackBox } from './blackBox';

/** What stands in front of a black box. */
export interface BlackBoxDefense {
  /** What is asked about in place of `pixels`: both float32 RGB in [0,1], [N, H, W, 3]. */
  readonly shown: (pixels: Float32Array, count: number) => Promise<Float32Array>;
  /** Entry j is the label that the black box's class j stands for. */
  readonly labelMap: readonly number[];
}

/** The classes a black box gave clean images, by the place of a batch's first: what is known is not asked again. */
export type CleanAnswers = Map<number, Int32Array>;

/** What is measured and on what; the rest follows from the black box and the defence. */
export type BlackBoxEvaluation = Omit<Measured, 'classes' | 'labelMap' | 'original'>;

/**
 * BA and ASR of a black box (a column of Table 11), as it is or behind a defence; then also how often the two agree on clean images.
 * @throws StudioError as `evaluateWith` and as the black box.
 */
export function evaluateBlackBox(
  options: BlackBoxEvaluation,
  box: BlackBox,
  defense: BlackBoxDefense | null,
  clean: CleanAnswers,
): Promise<Evaluation> {
  const { trigger, signal, turn = atOnce } = options;
  const ask = async (pixels: Float32Array, count: number): Promise<Int32Array> =>
    classesOf(await box.confidences(pixels, count, signal), box.classes);
  const askClean = (pixels: Float32Array, count: number, start: number): Promise<Int32Array> =>
    cleanClasses(box, clean, { pixels, count, start }, signal);
  const askDefended = async (pixels: Float32Array, count: number, { shown, labelMap }: BlackBoxDefense) => {
    const classes = await ask(await shown(pixels, count), count);
    return classes.map((value) => labelMap[value] ?? -1);
  };
  const measured: Measured = {
    ...options,
    classes: box.classes,
    labelMap: defense?.labelMap ?? null,
    ...(defense ? { original: true } : {}),
  };
  const answersTo = async (floats: Float32Array, { start, real, batchSize }: MeasuredBatch) => {
    const pixels = floats.subarray(0, (floats.length / batchSize) * real);
    const answers = new Int32Array(3 * batchSize);
    answers.set(defense ? await askDefended(pixels, real, defense) : await askClean(pixels, real, start));
    let at = batchSize;
    if (trigger) {
      const triggered = trigger.apply(pixels, real);
      answers.set(defense ? await askDefended(triggered, real, defense) : await ask(triggered, real), at);
      at += batchSize;
    }
    if (defense) answers.set(await askClean(pixels, real, start), at);
    return answers;
  };
  return evaluateWith(measured, (floats, batch) => turn(() => answersTo(floats, batch)));
}

/** The classes of clean images from the `start`th on; those that are not known yet are asked about and remembered. */
async function cleanClasses(
  box: BlackBox,
  clean: CleanAnswers,
  images: { readonly pixels: Float32Array; readonly count: number; readonly start: number },
  signal: AbortSignal | undefined,
): Promise<Int32Array> {
  const { pixels, count, start } = images;
  const known = clean.get(start);
  if (known?.length === count) return known;
  const answers = classesOf(await box.confidences(pixels, count, signal), box.classes);
  clean.set(start, answers);
  return answers;
}

/**
 * BA and ASR of a surrogate, and on how many clean images it says what its black box says.
 * @param predict scores of the surrogate, as `EvaluateOptions.predict`.
 * @throws StudioError as `evaluateWith` and as the black box, which is asked about clean images that `clean` does not know.
 */
export function evaluateSurrogate(
  options: BlackBoxEvaluation,
  predict: Predict,
  box: BlackBox,
  clean: CleanAnswers,
): Promise<Evaluation> {
  const { trigger, signal, height, width, turn = atOnce } = options;
  const predicted = async (pixels: Float32Array, count: number): Promise<ArrayLike<number>> => {
    const classes = tf.tidy(() => tf.argMax(predict(tf.tensor4d(pixels, [count, height, width, 3])), 1));
    try {
      return await classes.data();
    } finally {
      classes.dispose();
    }
  };
  const measured: Measured = { ...options, classes: box.classes, labelMap: null, original: true };
  const answersTo = async (floats: Float32Array, { start, real, batchSize }: MeasuredBatch) => {
    const answers = new Int32Array(3 * batchSize);
    answers.set(await predicted(floats, batchSize));
    let at = batchSize;
    if (trigger) {
      answers.set(await predicted(trigger.apply(floats, batchSize), batchSize), at);
      at += batchSize;
    }
    const pixels = floats.subarray(0, (floats.length / batchSize) * real);
    answers.set(await cleanClasses(box, clean, { pixels, count: real, start }, signal), at);
    return answers;
  };
  return evaluateWith(measured, (floats, batch) => turn(() => answersTo(floats, batch)));
}

function classesOf(confidences: Float32Array, classes: number): Int32Array {
  return Int32Array.from({ length: confidences.length / classes }, (_, i) => {
    const row = confidences.subarray(i * classes, (i + 1) * classes);
    return row.indexOf(row.reduce((a, b) => Math.max(a, b), -Infinity));
  });
}

/**
 * A transform as it is put in front of a black box that normalises by itself.
 * @param purify T(x): RGB in [0,1], as `PreparedDefense.purify`.
 * Under `victimInput: raw` the surrogate saw T(x) without normalisation; the black box is shown mean + std T(x), which its normalisation
 * turns into just that.
 */
export function inFrontOfBlackBox(
  purify: (pixels: tf.Tensor4D) => tf.Tensor4D,
  { normalization, channelOrder }: Pick<ModelSettings, 'normalization' | 'channelOrder'>,
  victimInput: RefineSettings['victimInput'],
  size: { readonly height: number; readonly width: number },
): BlackBoxDefense['shown'] {
  const inRgb = (values: readonly number[]) => (channelOrder === 'BGR' ? [...values].reverse() : [...values]);
  return async (pixels, count) => {
    const shown = tf.tidy(() => {
      const purified = purify(tf.tensor4d(pixels, [count, size.height, size.width, 3]));
      if (victimInput === 'normalized') return purified;
      const scaled = tf.mul(purified, tf.tensor1d(inRgb(normalization.std)));
      return tf.add<tf.Tensor4D>(scaled, tf.tensor1d(inRgb(normalization.mean)));
    });
    try {
      return Float32Array.from(await shown.data());
    } finally {
      shown.dispose();
    }
  };
}
