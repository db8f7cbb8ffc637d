import type { ImageSplit } from '../../data/dataset';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import type { RefineSettings } from '../../protocol/experiment';
import { buildTrainable } from '../nn/trainable';
import { unet } from '../nn/unet';
import { createOptimizer } from '../optimizers/createOptimizer';
import type { Optimizer } from '../optimizers/optimizer';
import { createSchedule, type Schedule } from '../optimizers/schedule';
import { tf } from '../tf';
import type { Victim } from '../victim/victim';
import { DeviceBatches } from '../kernels/augment/deviceBatches';
import type { CompileProgress } from '../plan/compileAhead';
import { BatchSource, type ByteBatch } from './batchSource';
import { checkIdentity, type RefineCheckpoint, type RunIdentity } from './checkpoint';
import { compileStep } from './compileStep';
import type { TrainEvent } from './events';
import { gpuFence } from './gpuFence';
import { LabelCache } from './labelCache';
import { checkLabelMap, inverseMap } from './labelMap';
import { Planner, type Planning, type StepParty } from './planning';
import { refineLossAndGradients } from './refineLoss';
import { RefineModel } from './refineModel';
import { requireRoom } from './requireRoom';
import { nonFinite, StepLog } from './stepLog';

/** Steps whose GPU work may be unfinished while the next one is recorded. */
const STEPS_IN_FLIGHT = 2;

/** What a REFINE training is started with. */
export interface RefineTrainingContext {
  /** Stays the caller's. */
  readonly victim: Victim;
  /** Training images; labels are not looked at. */
  readonly split: ImageSplit;
  readonly height: number;
  readonly width: number;
  readonly settings: RefineSettings;
  /** Shuffles, augmentation and the start weights follow from it. */
  readonly seed: number;
  /** As `drawLabelMap` gives it. */
  readonly labelMap: readonly number[];
  /** Losses are read back every so many steps, and on the last. */
  readonly logEverySteps: number;
  /** Start weights in place of seeded ones (`settings.initialWeights`, read by the caller). */
  readonly initialState?: StateDict;
  readonly resume?: RefineCheckpoint;
  /** false: every step goes through tfjs, operation by operation. Default true; the numbers are the same. */
  readonly planning?: boolean;
  /** false: shaders are compiled one by one as the first step meets them. Default true; the numbers are the same. */
  readonly compileAhead?: boolean;
}

/**
 * REFINE training (paper, Algorithm 1) as a pausable computation: `run` yields after every step, so a consumer pauses by not
 * asking for the next one, and between two events `checkpoint` and `model` are safe to use. The owner disposes it.
 */
export class RefineTrainer {
  readonly model: RefineModel;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  private readonly optimizer: Optimizer;
  private readonly schedule: Schedule;
  private readonly batches: BatchSource;
  private readonly images: DeviceBatches;
  private readonly identity: RunIdentity;
  private readonly inverse: tf.Tensor1D;
  /** Absent where augmentation makes every image another one each time. */
  private readonly labels: LabelCache | null;
  private readonly planner: Planner;
  private done = 0;
  private compiled = false;

  /**
   * @throws StudioError `map/*` for a label map that does not fit the victim, `experiment/batch-too-large`,
   * `experiment/too-large` where the device cannot bind what the transform computes of a batch,
   * `model/shape-mismatch` for start weights of another transform, `train/checkpoint-mismatch` for a checkpoint of another run.
   */
  constructor(readonly context: RefineTrainingContext) {
    const { settings, seed, labelMap, split, height, width, victim, resume } = context;
    checkLabelMap(labelMap, victim.classes);
    requireRoom(settings, height, width);
    this.identity = { seed, settings, labelMap, images: split.count, height, width };
    if (resume) checkIdentity(resume.identity, this.identity);
    this.batches = new BatchSource(split, { height, width }, settings, seed);
    this.labels = settings.augmentation === 'none' ? new LabelCache(split.count) : null;
    this.stepsPerEpoch = this.batches.stepsPerEpoch;
    this.totalSteps = Math.min(settings.epochs * this.stepsPerEpoch, settings.maxSteps ?? Infinity);
    this.schedule = createSchedule(settings.schedule, settings.optimizer, this);
    const start = resume?.transform ?? context.initialState;
    const bound = unet(settings.firstChannels, [height, width]);
    const transform = buildTrainable(bound, start ? { state: start } : { seed });
    this.model = new RefineModel(transform, victim, settings);
    this.optimizer = createOptimizer(settings.optimizer, transform.parameters);
    this.inverse = tf.tensor1d(inverseMap(labelMap), 'int32');
    this.images = new DeviceBatches(
      { count: settings.batchSize, height, width },
      settings.augmentation,
      seed,
    );
    this.planner = new Planner({ ...this.stepParts(), settings, height, width });
    if (resume) {
      this.optimizer.restore(resume.optimizer);
      this.done = resume.step;
    }
  }

  /** How steps reach the GPU; known from the first step on. */
  get planning(): Planning {
    return this.planner.planning;
  }

  /** Submissions that a planned step takes now; 0 without a plan. */
  get submits(): number {
    return this.planner.submits;
  }

  /** Steps done. */
  get step(): number {
    return this.done;
  }

  /** Epochs done, the unfinished one not counted. */
  get epochs(): number {
    return Math.floor(this.done / this.stepsPerEpoch);
  }

  /**
   * Compiles what a step needs, in parallel; `run` does it where the caller has not. Resolves at once when that was done.
   * Nothing else may compute meanwhile. @throws StudioError `gpu/error` where the adapter refuses a shader.
   */
  async compile(onProgress?: CompileProgress): Promise<void> {
    if (this.compiled || this.context.compileAhead === false) return;
    this.compiled = true;
    await compileStep({ ...this.stepParts(), ...this.context }, onProgress);
  }

  /**
   * Trains to the end, one event a step. Batches are prepared on the CPU while the GPU computes.
   * @throws StudioError `aborted` when `signal` aborts (between two steps; what was learned stays),
   * `train/non-finite-loss` on a logged step whose losses, or those of a step since the last log, are not finite.
   */
  async *run(signal?: AbortSignal): AsyncGenerator<TrainEvent> {
    const log = new StepLog();
    const fences: Promise<unknown>[] = [];
    let next = this.prepare(this.done);
    try {
      await this.compile();
      while (this.done < this.totalSteps) {
        if (signal?.aborted) throw new StudioError('aborted', 'Training was stopped.');
        log.start();
        const batch = await next;
        const { learningRate } = this.schedule(this.done);
        fences.push(this.fenced(await this.takeStep(batch, log)));
        next = this.prepare(this.done);
        if (fences.length > STEPS_IN_FLIGHT) await fences.shift();
        const epoch = this.batches.epochOf(this.done - 1);
        const logged = this.done % this.context.logEverySteps === 0 || this.done === this.totalSteps;
        const row = logged ? await log.read({ step: this.done, epoch, learningRate }) : null;
        log.pause();
        yield { kind: 'step', step: this.done, epoch, row };
        if (this.done % this.stepsPerEpoch === 0)
          yield { kind: 'epoch', step: this.done, epochs: this.epochs };
      }
    } finally {
      await Promise.allSettled([next, ...fences]);
      log.dispose();
      if (this.done === this.totalSteps) this.planner.release();
    }
  }

  /**
   * Everything needed to go on from here; call it between two events of `run`.
   * @throws StudioError `train/non-finite-loss` where the weights are no longer numbers, so that no good checkpoint is
   * replaced by such a one.
   */
  async checkpoint(): Promise<RefineCheckpoint> {
    const step = this.done;
    const transform = await this.model.transform.stateDict();
    for (const { data } of transform.values())
      if (!data.every(Number.isFinite)) throw nonFinite(step, 'weights');
    return { identity: this.identity, step, transform, optimizer: await this.optimizer.state() };
  }

  dispose(): void {
    this.model.transform.dispose();
    this.optimizer.dispose();
    this.inverse.dispose();
    this.images.dispose();
    this.planner.dispose();
  }

  private stepParts(): Pick<
    StepParty,
    'model' | 'optimizer' | 'inverse' | 'images' | 'stepsPerEpoch' | 'cache'
  > {
    const { model, optimizer, inverse, images, stepsPerEpoch, labels: cache } = this;
    return { model, optimizer, inverse, images, stepsPerEpoch, cache };
  }

  /** Sends one step to the GPU, as a plan where there is one; resolves before it has run, to what else has to end. */
  private async takeStep(batch: ByteBatch, log: StepLog): Promise<{ readonly rest: Promise<void> | null }> {
    const rates = this.schedule(this.done);
    this.planner.prepare(this.context.planning ?? true);
    if (await this.planner.run(batch, rates, this.done % this.stepsPerEpoch === 0)) {
      log.addPlanned(() => this.planner.readLosses());
      this.done += 1;
      return { rest: null };
    }
    const { losses, labelled } = this.trainStep(batch);
    log.add(losses);
    return { rest: labelled };
  }

  private fenced({ rest }: { readonly rest: Promise<void> | null }): Promise<unknown> {
    return Promise.all([rest, gpuFence()]);
  }

  /** Records one step on the GPU and gives its [total, classification, supcon]; `labelled` resolves when its labels are kept. */
  private trainStep(batch: ByteBatch): {
    readonly losses: tf.Tensor1D;
    readonly labelled: Promise<void>;
  } {
    const { settings } = this.context;
    const { indices } = batch;
    const pixels = this.images.upload(batch);
    const known = this.labels?.find(indices) ?? null;
    const labels = known ? tf.tensor1d(known, 'int32') : this.model.pseudoLabels(pixels);
    const { losses, gradients } = refineLossAndGradients(this.model, pixels, this.inverse, settings, labels);
    this.optimizer.step(gradients, this.schedule(this.done));
    pixels.dispose();
    for (const gradient of gradients.values()) gradient.dispose();
    this.done += 1;
    return { losses, labelled: this.keepLabels(indices, labels, known === null) };
  }

  /** Disposes `labels`, after a copy for later epochs where that is of use. */
  private async keepLabels(indices: ArrayLike<number>, labels: tf.Tensor1D, fresh: boolean): Promise<void> {
    try {
      if (fresh && this.labels) this.labels.keep(indices, await labels.data());
    } catch {
      // A lost device, which ends the run by other ways; labels that are not known are only asked for again.
    } finally {
      labels.dispose();
    }
  }

  /** The batch of `step`, or nothing after the last. A failure surfaces where the batch is awaited. */
  private prepare(step: number): Promise<ByteBatch> {
    if (step >= this.totalSteps)
      return Promise.resolve({ indices: [], bytes: new Uint8Array(), streams: new Int32Array() });
    const batch = this.batches.bytesOf(step);
    batch.catch(() => undefined);
    return batch;
  }
}
