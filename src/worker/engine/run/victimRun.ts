import type { Poisoner, PreparedAttack } from '../../../compute/attacks/attack';
import type { Work } from '../../../compute/device/turn';
import type { BoundNetwork } from '../../../compute/nn/network';
import { canonical } from '../../../compute/refine/checkpointContainer';
import { architectureById } from '../../../compute/nn/architectures';
import {
  decodeVictimCheckpoint,
  encodeVictimCheckpoint,
  type VictimCheckpoint,
} from '../../../compute/victim/classifierCheckpoint';
import { ClassifierTrainer } from '../../../compute/victim/classifierTrainer';
import { batchesPerEpoch } from '../../../data/batches';
import type { ImageSplit } from '../../../data/dataset';
import { limitSplit } from '../../../data/subsets';
import type { StateDict } from '../../../formats/models/stateDict';
import { StudioError } from '../../../protocol/errors';
import type { Experiment } from '../../../protocol/experiment';
import type { Evaluation } from '../../../protocol/results';
import type { VictimTrainingSettings } from '../../../protocol/training';
import type { Session } from '../session';
import { requireClassifier } from '../weightsFiles';
import { frozen, measureInTraining } from './measureInTraining';
import type { ProgressListener, RunGroundwork, RunTrainer, TrainedStep } from './trainer';

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
  const making = { session, experiment, settings, bound, split, attack, evaluationBatch };
  const run = new PreparedVictimRun(making, checkpoint ? decodeVictimCheckpoint(checkpoint) : null);
  await run.prepare();
  return run;
}

/** More of a poisoner's groundwork than this is done again on resuming; the numbers are the same. */
const MOST_KEPT_BYTES = 16 * 2 ** 20;

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
  /** Null for an honest classifier. */
  private poison: Poisoner | null = null;

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
    this.poison = attack && (await this.createPoisoner(attack));
    await this.enterStage(this.stage);
  }

  /** After the surrogate's last step, and before the victim's first. */
  get groundwork(): RunGroundwork | null {
    const surrogateIsReady = this.stage === 'surrogate' && this.living().step >= this.stageSteps;
    const todo = this.stage === 'victim' && this.poison?.groundwork?.complete === false;
    if (!surrogateIsReady && !todo) return null;
    const label = this.poison?.groundwork?.label ?? 'Preparing';
    return { label, run: (work) => this.layGround(work) };
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
    const bytes = this.poison?.groundwork?.done ?? null;
    const kept = bytes !== null && bytes.length > 0 && bytes.length <= MOST_KEPT_BYTES;
    return encodeVictimCheckpoint({
      stage: this.stage,
      surrogate: this.surrogate,
      training,
      ...(kept ? { groundwork: { attack: canonical(this.experiment.attack), bytes } } : {}),
    });
  }

  evaluateBefore(): Promise<null> {
    return Promise.resolve(null);
  }

  /** The classifier as it is now: BA, and ASR under the experiment's trigger. */
  evaluateNow(work: Work): Promise<Evaluation | null> {
    const { session, experiment, bound, attack, evaluationBatch: batchSize } = this.making;
    const classifier = { bound, state: () => this.state() };
    return measureInTraining(session, experiment, classifier, attack, { ...work, batchSize });
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

  private async layGround(work: Work): Promise<void> {
    const groundwork = this.poison?.groundwork;
    if (groundwork && !groundwork.complete) {
      this.surrogate ??= await work.turn(() => this.state());
      const state = this.surrogate;
      const { bound, experiment } = this.making;
      const surrogate = await work.turn(() => Promise.resolve(frozen(bound, state, experiment)));
      try {
        await groundwork.run(surrogate, work);
      } finally {
        surrogate.dispose();
      }
    }
    if (this.stage === 'surrogate') await work.turn(() => this.leaveSurrogate());
  }

  private async leaveSurrogate(): Promise<void> {
    this.surrogate ??= await this.state();
    await this.close();
    this.dispose();
    await this.enterStage('victim');
  }

  private async enterStage(stage: VictimCheckpoint['stage']): Promise<void> {
    this.stage = stage;
    this.current = await this.createTrainer();
    this.events = this.stepsOf(this.current, stage === 'victim' ? this.surrogateSteps : 0);
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
    const { session, experiment, settings, bound, split } = this.making;
    const { dataset } = session.requireDataset();
    const isVictim = this.stage === 'victim';
    const resumed = this.resume?.stage === this.stage ? this.resume.training : null;
    const initialState = resumed ? null : await this.startWeights(isVictim);
    return new ClassifierTrainer({
      bound,
      split,
      height: dataset.height,
      width: dataset.width,
      normalization: experiment.model.normalization,
      channelOrder: experiment.model.channelOrder,
      poison: isVictim ? this.poison : null,
      settings: isVictim ? settings : { ...settings, adaptive: null },
      attack: isVictim ? experiment.attack : null,
      seed: experiment.seed,
      logEverySteps: experiment.evaluate.logEverySteps,
      ...(initialState ? { initialState } : {}),
      ...(resumed ? { resume: resumed } : {}),
    });
  }

  private async createPoisoner(attack: PreparedAttack): Promise<Poisoner | null> {
    const { split, experiment } = this.making;
    if (!split.labels) return null;
    const kept = this.resume?.groundwork;
    const ours = kept?.attack === canonical(experiment.attack) ? kept.bytes : null;
    const plan = attack.plan(split.labels, experiment.seed);
    return attack.poisoner(plan, { split, seed: experiment.seed, groundwork: ours });
  }

  private async startWeights(isVictim: boolean): Promise<StateDict | null> {
    const { session, settings, bound, attack } = this.making;
    if (isVictim && attack?.surrogate?.warmStart && this.surrogate) return this.surrogate;
    const { initialWeights } = settings;
    if (initialWeights === null) return null;
    const state = await session.tensorsOf(initialWeights, 'model.train.initialWeights');
    requireClassifier(state, initialWeights, bound);
    return state;
  }

  private living(): ClassifierTrainer {
    if (this.current) return this.current;
    throw new StudioError('internal', 'A victim that is no longer in training was asked for.');
  }
}
