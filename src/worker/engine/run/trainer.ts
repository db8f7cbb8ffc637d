import type { Work } from '../../../compute/device/turn';
import type { StepReport } from '../../../protocol/diagnostics';
import type { Experiment } from '../../../protocol/experiment';
import type { SampleGrid } from '../../../protocol/messages';
import type { Evaluation, MetricsRow } from '../../../protocol/results';

/** What one training step did. */
export interface TrainedStep {
  /** Steps done, this one included. */
  readonly step: number;
  /** The epoch (0-based) this step belonged to. */
  readonly epoch: number;
  /** True for the last step of an epoch. */
  readonly endsEpoch: boolean;
  /** The step's row of the curve, where it is a logged one. */
  readonly row: MetricsRow | null;
  /** How long the step took, data included. */
  readonly seconds: number;
}

/** How far something is. */
export type ProgressListener = (done: number, total: number) => void;

/** Work of many turns that has to be done before the next step. */
export interface RunGroundwork {
  /** To begin a line of progress with: "Perturbing images". */
  readonly label: string;
  /** @throws StudioError `aborted` where it is called off; what is done of it stays, and is in the next checkpoint where that is cheap. */
  run(work: Work): Promise<void>;
}

/**
 * A run's way to the device, prepared and ready for its first (or next) step. Each method is one job of the GPU queue, but for those that
 * are given `Work`, which ask for their turns themselves; the controller never calls two at a time.
 */
export interface RunTrainer {
  readonly experiment: Experiment;
  readonly labelMap: readonly number[];
  /** Steps done when it was prepared: 0, or the checkpoint's. */
  readonly startStep: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  /** Compiles the shaders that a step needs; tells how many of how many are done. */
  compile(onProgress: ProgressListener): Promise<void>;
  /** How steps reach the GPU, where that is known; null before the first. */
  stepReport?(): StepReport | null;
  /** What `next` needs done first; null or absent where there is nothing. */
  readonly groundwork?: RunGroundwork | null;
  /** The next step, or null when all are done. @throws StudioError `train/non-finite-loss`. */
  next(): Promise<TrainedStep | null>;
  /** All that is needed to go on from here. */
  checkpoint(): Promise<Uint8Array>;
  /** The undefended model; null where there is nothing to evaluate on. */
  evaluateBefore(work: Work): Promise<Evaluation | null>;
  /** The model behind the transform as it is now. */
  evaluateNow(work: Work): Promise<Evaluation | null>;
  /** A few images through the transform as it is now. */
  grid(): Promise<SampleGrid | null>;
  /** Ends the training loop and frees what only it needs; the transform as learned stays. */
  close(): Promise<void>;
}
