import type { PreparedAttack } from '../../../compute/attacks/attack';
import { evaluate } from '../../../compute/analysis/evaluate';
import type { BoundNetwork } from '../../../compute/nn/network';
import { architectureById } from '../../../compute/nn/architectures';
import {
  decodeVictimCheckpoint,
  encodeVictimCheckpoint,
  type VictimCheckpoint,
} from '../../../compute/victim/classifierCheckpoint';
import { ClassifierTrainer } from '../../../compute/victim/classifierTrainer';
import { createVictim, type Victim } from '../../../compute/victim/victim';
import { batchesPerEpoch } from '../../../data/batches';
import type { ImageSplit } from '../../../data/dataset';
import { limitSplit } from '../../../data/subsets';
import type { StateDict } from '../../../formats/models/stateDict';
import { StudioError } from '../../../protocol/errors';
import type { Experiment } from '../../../protocol/experiment';
import type { Evaluation } from '../../../protocol/results';
import type { VictimTrainingSettings } from '../../../protocol/training';
import type { Work } from '../evaluation';
import type { Session } from '../session';
import type { ProgressListener, RunTrainer, TrainedStep } from './trainer';

/** A victim's training, ready to start, and what it makes. */
export interface VictimRun {
  readonly trainer: RunTrainer;
  readonly bound: BoundNetwork;
  /** The weights as they are now; call it inside the GPU queue. */
  state(): Promise<StateDict>;
  dispose(): void;
}

/** What the stages share. */
interface Making {
  readonly session: Session;
  readonly experiment: Experiment;
  readonly settings: VictimTrainingSettings;
  readonly bound: BoundNetwork;
  readonly split: ImageSplit;
  readonly attack: PreparedAttack | null;
  readonly evaluationBatch: number;
}

/**
 * Prepares the training of the classifier that `experiment.model.train` describes, on the loaded images, poisoned by the experiment's attack.
 * An attack that needs a benign classifier first (Label-Consistent without a given one) has it trained as a first stage of the same run.
 * To be called inside the GPU queue.
 *
 * @throws StudioError `experiment/invalid` for an unknown architecture, `trigger/invalid` for a poisoning that cannot be made,
 * `dataset/bad-labels`, `experiment/batch-too-large`, `file/missing`, `train/checkpoint-mismatch`, `model/shape-mismatch`.
 */
export async function prepareVictimRun(
  session: Session,
  experiment: Experiment,
  checkpoint: Uint8Array | null,
  evaluationBatch: number,
): Promise<VictimRun> {
  const { dataset } = session.requireDataset();
  const settings = experiment.model.train;
  if (!settings) {
    throw new StudioError('experiment/invalid', 'The experiment has no recipe to train a classifier by.', {
      subject: 'model.train',
    });
  }
  const bound = architectureById(settings.architecture).make({
    width: settings.width,
    classes: dataset.classNames.length,
    inputShape: [dataset.height, dataset.width, 3],
  });
  const split = limitSplit(dataset.train, experiment.dataset.train, experiment.seed);
  const attack = await session.triggerFor(experiment);
  // Refused before any work starts, and before the first of two stages.
  if (attack && split.labels) attack.plan(split.labels, experiment.seed);
  const making = { session, experiment, settings, bound, split, attack, evaluationBatch };
  const run = new PreparedVictimRun(making, checkpoint ? decodeVictimCheckpoint(checkpoint) : null);
  await run.prepare();
  return run;
}

class PreparedVictimRun implements VictimRun, RunTrainer {
  readonly trainer: RunTrainer = this;
  readonly labelMap: readonly number[] = [];
  readonly startStep: number;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  private readonly surrogateSteps: number;
  private readonly stageSteps: number;
  private surrogate: StateDict | null;
  private stage: VictimCheckpoint['stage'];
  private current: ClassifierTrainer | null = null;
  private events: AsyncGenerator<TrainedStep, void> | null = null;

  constructor(
    private readonly making: Making,
    private readonly resume: VictimCheckpoint | null,
  ) {
    const { settings, split, attack } = making;
    this.stepsPerEpoch = batchesPerEpoch(split.count, settings.batchSize);
    this.stageSteps = Math.min(settings.epochs * this.stepsPerEpoch, settings.maxSteps ?? Infinity);
    this.surrogateSteps = attack?.surrogate?.path === null ? this.stageSteps : 0;
    this.totalSteps = this.surrogateSteps + this.stageSteps;
    this.surrogate = resume?.surrogate ?? null;
    this.stage = resume?.stage ?? (this.surrogateSteps > 0 ? 'surrogate' : 'victim');
    const offset = this.stage === 'victim' ? this.surrogateSteps : 0;
    this.startStep = offset + (resume?.training.step ?? 0);
  }

  get bound(): BoundNetwork {
    return this.making.bound;
  }

  get experiment(): Experiment {
    return this.making.experiment;
  }

  /** Builds the stage's trainer; bad settings are told here, before the first step. */
  async prepare(): Promise<void> {
    const { session, attack } = this.making;
    const path = attack?.surrogate?.path ?? null;
    if (path !== null) this.surrogate ??= await session.tensorsOf(path, 'attack.options.surrogate');
    this.current = await this.createTrainer();
    this.events = this.steps();
  }

  compile(onProgress: ProgressListener): Promise<void> {
    return this.living().compile(onProgress);
  }

  async next(): Promise<TrainedStep | null> {
    const result = await this.events?.next();
    return !result || result.done ? null : result.value;
  }

  state(): Promise<StateDict> {
    return this.living().network.stateDict();
  }

  async checkpoint(): Promise<Uint8Array> {
    const training = await this.living().checkpoint();
    return encodeVictimCheckpoint({ stage: this.stage, surrogate: this.surrogate, training });
  }

  evaluateBefore(): Promise<null> {
    return Promise.resolve(null);
  }

  /** The classifier as it is now: BA, and ASR under the experiment's trigger. */
  async evaluateNow({ turn, ...work }: Work): Promise<Evaluation | null> {
    const { session, experiment, attack, evaluationBatch } = this.making;
    const { dataset } = session.requireDataset();
    if (!dataset.test || experiment.evaluate.testLimit === 0) return null;
    const victim = await turn(async () => this.victimOf(await this.state()));
    try {
      return await evaluate({
        split: limitSplit(dataset.test, experiment.dataset.test, experiment.seed),
        height: dataset.height,
        width: dataset.width,
        classes: victim.classes,
        predict: (pixels) => victim.forwardPixels(pixels).logits,
        trigger: attack,
        target: experiment.attack?.target ?? 0,
        labelMap: null,
        batchSize: evaluationBatch,
        limit: experiment.evaluate.testLimit,
        seed: experiment.seed,
        turn,
        ...work,
      });
    } finally {
      victim.dispose();
    }
  }

  grid(): Promise<null> {
    return Promise.resolve(null);
  }

  async close(): Promise<void> {
    await this.events?.return(undefined);
  }

  dispose(): void {
    this.current?.dispose();
    this.current = null;
  }

  private async *steps(): AsyncGenerator<TrainedStep, void> {
    if (this.stage === 'surrogate') {
      yield* this.stepsOf(this.living(), 0);
      this.surrogate = await this.state();
      this.stage = 'victim';
      this.dispose();
      this.current = await this.createTrainer();
    }
    yield* this.stepsOf(this.living(), this.surrogateSteps);
  }

  private async *stepsOf(trainer: ClassifierTrainer, offset: number): AsyncGenerator<TrainedStep, void> {
    let began = performance.now();
    for await (const { step, epoch, loss, learningRate } of trainer.run()) {
      const seconds = (performance.now() - began) / 1000;
      const shown = offset + step;
      const row =
        loss === null
          ? null
          : {
              step: shown,
              epoch,
              loss,
              classificationLoss: loss,
              supconLoss: 0,
              learningRate,
              stepSeconds: seconds,
            };
      yield { step: shown, epoch, row, seconds, endsEpoch: step % this.stepsPerEpoch === 0 };
      began = performance.now();
    }
  }

  private async createTrainer(): Promise<ClassifierTrainer> {
    const { session, experiment, settings, bound, split, attack } = this.making;
    const { dataset } = session.requireDataset();
    const isVictim = this.stage === 'victim';
    const resumed = this.resume?.stage === this.stage ? this.resume.training : null;
    const initialState = await this.startWeights(isVictim);
    return new ClassifierTrainer({
      bound,
      split,
      height: dataset.height,
      width: dataset.width,
      normalization: experiment.model.normalization,
      channelOrder: experiment.model.channelOrder,
      poison: isVictim && attack ? await this.poisoner(attack) : null,
      settings: isVictim ? settings : { ...settings, adaptive: null },
      attack: isVictim ? experiment.attack : null,
      seed: experiment.seed,
      logEverySteps: experiment.evaluate.logEverySteps,
      ...(initialState ? { initialState } : {}),
      ...(resumed ? { resume: resumed } : {}),
    });
  }

  private async poisoner(attack: PreparedAttack) {
    const { split, experiment } = this.making;
    if (!split.labels) return null;
    const surrogate = this.surrogate && this.victimOf(this.surrogate);
    try {
      const plan = attack.plan(split.labels, experiment.seed);
      return await attack.poisoner(plan, {
        split,
        seed: experiment.seed,
        ...(surrogate ? { surrogate } : {}),
      });
    } finally {
      surrogate?.dispose();
    }
  }

  private async startWeights(isVictim: boolean): Promise<StateDict | null> {
    const { session, settings, attack } = this.making;
    if (isVictim && attack?.surrogate?.warmStart && this.surrogate) return this.surrogate;
    const { initialWeights } = settings;
    return initialWeights === null ? null : session.tensorsOf(initialWeights, 'model.train.initialWeights');
  }

  private victimOf(state: StateDict): Victim {
    const { normalization, channelOrder } = this.making.experiment.model;
    return createVictim(this.making.bound, state, { normalization, channelOrder });
  }

  private living(): ClassifierTrainer {
    if (this.current) return this.current;
    throw new StudioError('internal', 'A victim that is no longer in training was asked for.');
  }
}
