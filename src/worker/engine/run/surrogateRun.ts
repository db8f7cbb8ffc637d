import { ConfidenceCache } from '../../../compute/blackbox/confidenceCache';
import { architectureById } from '../../../compute/nn/architectures';
import type { Work } from '../../../compute/device/turn';
import type { BoundNetwork } from '../../../compute/nn/network';
import { decodeVictimCheckpoint, encodeVictimCheckpoint } from '../../../compute/victim/classifierCheckpoint';
import { ClassifierTrainer } from '../../../compute/victim/classifierTrainer';
import { limitSplit } from '../../../data/subsets';
import { writeMetricsCsv } from '../../../formats/exports/metricsCsv';
import type { StateDict } from '../../../formats/models/stateDict';
import { surrogateTraining } from '../../../protocol/blackBox';
import { StudioError } from '../../../protocol/errors';
import type { Experiment } from '../../../protocol/experiment';
import type { Evaluation } from '../../../protocol/results';
import { evaluateBlackBoxOriginal, evaluateSurrogateOf } from '../blackBoxEvaluation';
import type { HeldBlackBox } from '../blackBoxes';
import type { Session } from '../session';
import { frozen } from './measureInTraining';
import type { RunJournal } from './runJournal';
import type { ProgressListener, RunTrainer, TrainedStep } from './trainer';

/** A surrogate's distillation, ready to start, and what it makes. */
export interface SurrogateRun {
  readonly trainer: RunTrainer;
  /** The weights as they are now; call it inside the GPU queue. */
  state(): Promise<StateDict>;
  dispose(): void;
}

/**
 * Prepares the distillation that `experiment.model.blackBox` describes, on the loaded images, whose labels it does not look at. Its
 * evaluations are of the black box before and of the surrogate after. To be called inside the GPU queue.
 *
 * @throws StudioError `experiment/invalid` for an unknown architecture, `experiment/batch-too-large`, `train/checkpoint-mismatch`.
 */
export async function prepareSurrogateRun(
  session: Session,
  experiment: Experiment,
  checkpoint: Uint8Array | null,
  evaluationBatch: number,
  held: HeldBlackBox,
): Promise<SurrogateRun> {
  const { blackBox, normalization, channelOrder } = experiment.model;
  if (!blackBox) {
    throw new StudioError('experiment/invalid', 'The experiment names no black box.', {
      subject: 'model.blackBox',
    });
  }
  const { dataset } = session.requireDataset();
  const { height, width } = dataset;
  const { classes } = held.box;
  const settings = surrogateTraining(blackBox.distil);
  const bound = architectureById(settings.architecture).make({
    width: settings.width,
    classes,
    inputShape: [height, width, 3],
  });
  const split = limitSplit(dataset.train, experiment.dataset.train, experiment.seed);
  const resume = checkpoint ? decodeVictimCheckpoint(checkpoint) : null;
  const cache = new ConfidenceCache(held.box, split.count, resume?.confidences ?? null);
  const { path, url, layout, output, encoding } = blackBox;
  const training = new ClassifierTrainer({
    bound,
    split,
    height,
    width,
    normalization,
    channelOrder,
    poison: null,
    settings,
    attack: { blackBox: { path, url, layout, output, encoding } },
    teacher: cache,
    seed: experiment.seed,
    logEverySteps: experiment.evaluate.logEverySteps,
    ...(resume ? { resume: resume.training } : {}),
  });
  return new PreparedSurrogateRun(session, experiment, held, bound, training, cache, evaluationBatch);
}

/** Makes what a run learns the session's; `victim/adopt` and the exports take it from there. */
export function takeSurrogate(session: Session, run: SurrogateRun, journal: RunJournal): void {
  session.replaceMadeVictim({
    experiment: run.trainer.experiment,
    role: 'surrogate',
    state: () => run.state(),
    metricsCsv: () => writeMetricsCsv(journal.metrics),
    resultsJson: () => (journal.results ? `${JSON.stringify(journal.results, null, 2)}\n` : null),
    dispose: () => run.dispose(),
  });
}

class PreparedSurrogateRun implements SurrogateRun, RunTrainer {
  readonly trainer: RunTrainer = this;
  readonly labelMap: readonly number[] = [];
  readonly startStep: number;
  private readonly events: AsyncGenerator<TrainedStep, void>;

  constructor(
    private readonly session: Session,
    readonly experiment: Experiment,
    private readonly held: HeldBlackBox,
    private readonly bound: BoundNetwork,
    private readonly training: ClassifierTrainer,
    private readonly cache: ConfidenceCache,
    private readonly evaluationBatch: number,
  ) {
    this.startStep = training.step;
    this.events = this.steps();
  }

  get totalSteps(): number {
    return this.training.totalSteps;
  }

  get stepsPerEpoch(): number {
    return this.training.stepsPerEpoch;
  }

  compile(onProgress: ProgressListener): Promise<void> {
    return this.training.compile(onProgress);
  }

  async next(): Promise<TrainedStep | null> {
    const result = await this.events.next();
    return result.done ? null : result.value;
  }

  state(): Promise<StateDict> {
    return this.training.network.stateDict();
  }

  async checkpoint(): Promise<Uint8Array> {
    const training = await this.training.checkpoint();
    return encodeVictimCheckpoint({
      stage: 'victim',
      surrogate: null,
      training,
      confidences: this.cache.values,
    });
  }

  evaluateBefore(work: Work): Promise<Evaluation | null> {
    const options = { ...work, batchSize: this.evaluationBatch };
    return evaluateBlackBoxOriginal(this.session, this.experiment, this.held, options);
  }

  async evaluateNow({ turn, ...work }: Work): Promise<Evaluation | null> {
    const { session, experiment, held, bound, evaluationBatch: batchSize } = this;
    const victim = await turn(async () => frozen(bound, await this.state(), experiment));
    try {
      return await evaluateSurrogateOf(
        session,
        experiment,
        held,
        { ...work, turn, batchSize },
        (pixels) => victim.forwardPixels(pixels).logits,
      );
    } finally {
      victim.dispose();
    }
  }

  grid(): Promise<null> {
    return Promise.resolve(null);
  }

  async close(): Promise<void> {
    await this.events.return(undefined);
  }

  dispose(): void {
    this.training.dispose();
  }

  private async *steps(): AsyncGenerator<TrainedStep, void> {
    let began = performance.now();
    for await (const { step, epoch, loss, learningRate } of this.training.run()) {
      const seconds = (performance.now() - began) / 1000;
      const shares = { loss: loss ?? 0, classificationLoss: loss ?? 0, supconLoss: 0 };
      const row = loss === null ? null : { step, epoch, ...shares, learningRate, stepSeconds: seconds };
      yield { step, epoch, row, seconds, endsEpoch: step % this.stepsPerEpoch === 0 };
      began = performance.now();
    }
  }
}
