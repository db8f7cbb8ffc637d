/** A measured share with its counts, so that no percentage stands without its denominator. */
export interface Rate {
  readonly rate: number;
  readonly count: number;
  readonly of: number;
}

/** `count` of `of`; a rate over nothing is NaN-free: 0 of 0. */
export function rate(count: number, of: number): Rate {
  return { rate: of === 0 ? 0 : count / of, count, of };
}

/**
 * One evaluation of a model, with or without a defence in front of it. Fields are null where the data cannot tell:
 * no labels, or no known trigger.
 */
export interface Evaluation {
  /** Clean images whose (remapped) prediction is their label. */
  readonly benignAccuracy: Rate | null;
  /** Triggered images, target class left out, whose (remapped) prediction is the target. */
  readonly attackSuccessRate: Rate | null;
  /** P(pred = map[target]) over triggered images whose true label is neither the target nor map[target]. */
  readonly landsAtMapOfTarget: Rate | null;
  /** Triggered images, target class left out, whose prediction is their true label. */
  readonly triggeredTrueLabelAccuracy: Rate | null;
  /** Clean images on which the defended model agrees with the original one; null before defence. */
  readonly agreementWithOriginal: Rate | null;
  /** Row-major K x K counts, row = true label, column = (remapped) prediction; null without labels. */
  readonly confusion: readonly number[] | null;
  /** The same for triggered images of every class; null without a trigger. */
  readonly confusionTriggered: readonly number[] | null;
}

/** One logged training step: a row of `metrics.csv`. Losses are means over the logged step's batch. */
export interface MetricsRow {
  readonly step: number;
  readonly epoch: number;
  readonly loss: number;
  readonly classificationLoss: number;
  readonly supconLoss: number;
  readonly learningRate: number;
  readonly stepSeconds: number;
}

/** An evaluation taken during training. */
export interface EvaluationPoint {
  readonly step: number;
  readonly epoch: number;
  readonly evaluation: Evaluation;
}

/** The four pairs of Table 11; an entry is null where nothing could be evaluated. */
export interface BlackBoxResults {
  /** The black box as it is. */
  readonly original: Evaluation | null;
  /** The surrogate as it is. */
  readonly surrogate: Evaluation | null;
  /** The surrogate behind the transform that was trained on it. */
  readonly surrogateDefended: Evaluation | null;
  /** The black box behind the same transform and label map. */
  readonly defended: Evaluation | null;
}

/** What `results.json` holds. */
export interface RunResults {
  readonly name: string;
  readonly adapter: string;
  readonly softwareAdapter: boolean;
  readonly steps: number;
  readonly epochs: number;
  readonly secondsPerStep: number;
  readonly trainingSeconds: number;
  readonly labelMap: readonly number[];
  readonly before: Evaluation | null;
  readonly after: Evaluation | null;
  readonly history: readonly EvaluationPoint[];
  /** Of a run on a black box's surrogate, once the black box was measured too. */
  readonly blackBox?: BlackBoxResults | undefined;
}
