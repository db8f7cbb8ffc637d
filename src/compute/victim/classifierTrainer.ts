import { distillationGradients } from '../blackbox/distillationGradients';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import type { VictimTrainingSettings } from '../../protocol/training';
import { PURPOSE, RandomStream } from '../../data/random';
import type { BoundNetwork } from '../nn/network';
import { buildTrainable } from '../nn/trainable';
import type { TrainableNetwork } from '../nn/types';
import { unet } from '../nn/unet';
import { createOptimizer } from '../optimizers/createOptimizer';
import type { Optimizer } from '../optimizers/optimizer';
import { createSchedule, type Schedule } from '../optimizers/schedule';
import { gpuFence } from '../refine/gpuFence';
import { drawLabelMap, inverseMap } from '../refine/labelMap';
import { movesInPlace } from '../kernels/optimizer/movingAverage';
import { compileAhead, type CompileProgress } from '../plan/compileAhead';
import { tf, WebGPUBackend } from '../tf';
import { type BatchSettings, type ClassifierBatch, ClassifierBatches } from './classifierBatches';
import {
  checkClassifierIdentity,
  type ClassifierCheckpoint,
  type ClassifierIdentity,
} from './classifierCheckpoint';
import {
  adaptiveGradients,
  type AttackersRefine,
  type ClassifierGradients,
  classifierGradients,
} from './classifierLoss';
import { LossMeter } from './lossMeter';
import { requireTrainable } from './requireTrainable';

/** What a classifier's training is started with. */
export interface ClassifierTrainingContext extends Omit<BatchSettings, 'augmentation' | 'batchSize'> {
  readonly bound: BoundNetwork;
  readonly settings: VictimTrainingSettings;
  /** The attack as the experiment names it, to know a checkpoint by; null for an honest classifier. */
  readonly attack: unknown;
  /** The loss is read back every so many steps, and on the last. */
  readonly logEverySteps: number;
  /** Start weights in place of seeded ones. */
  readonly initialState?: StateDict;
  readonly resume?: ClassifierCheckpoint;
  /** false: shaders are compiled one by one as the first step meets them. Default true; the numbers are the same. */
  readonly compileAhead?: boolean;
}

/** One step of classifier training. */
export interface ClassifierStep {
  /** Steps done. */
  readonly step: number;
  /** 0-based. */
  readonly epoch: number;
  /** Mean loss of the steps since the last logged one; null on steps that are not logged. */
  readonly loss: number | null;
  readonly learningRate: number;
}

/** Steps whose GPU work may be unfinished while the next one is recorded. */
const STEPS_IN_FLIGHT = 2;

/** The adaptive attacker's part: a transform with its optimiser, and a label map. */
interface Adaptive {
  readonly refine: AttackersRefine;
  readonly optimizer: Optimizer;
}

/**
 * Training of a classifier with cross-entropy, on data poisoned on the fly, as a pausable computation: `run` yields after every step, and
 * between two events `checkpoint` and `network` are safe to use. With `settings.adaptive` it is the adaptive attacker's (Eq. 10); with a
 * teacher it is the distillation of a surrogate (Appendix E). The owner disposes it.
 */
export class ClassifierTrainer {
  readonly network: TrainableNetwork;
  readonly totalSteps: number;
  readonly stepsPerEpoch: number;
  private readonly optimizer: Optimizer;
  private readonly schedule: Schedule;
  private readonly batches: ClassifierBatches;
  private readonly identity: ClassifierIdentity;
  private readonly adaptive: Adaptive | null;
  private done = 0;
  private compiled = false;

  /**
   * @throws StudioError `dataset/bad-labels` without labels or with ones the network has no class for, `experiment/batch-too-large`,
   * `experiment/too-large`, `model/shape-mismatch` for start weights of another network, `train/checkpoint-mismatch`.
   */
  constructor(readonly context: ClassifierTrainingContext) {
    const { bound, settings, seed, split, height, width, attack, resume } = context;
    const { architecture, augmentation, batchSize } = { ...settings, architecture: bound.label };
    this.identity = { architecture, seed, settings, attack, images: split.count, height, width };
    if (resume) checkClassifierIdentity(resume.identity, this.identity);
    requireTrainable(bound, batchSize, height, width);
    this.batches = new ClassifierBatches({ ...context, augmentation, batchSize }, bound.classes ?? 0);
    this.stepsPerEpoch = this.batches.stepsPerEpoch;
    this.totalSteps = Math.min(settings.epochs * this.stepsPerEpoch, settings.maxSteps ?? Infinity);
    this.schedule = createSchedule(settings.schedule, settings.optimizer, this);
    const start = resume?.victim.state ?? context.initialState;
    this.network = buildTrainable(bound, start ? { state: start, seed } : { seed });
    this.optimizer = createOptimizer(settings.optimizer, this.network.parameters);
    this.adaptive = this.createAdaptive();
    if (resume) {
      this.optimizer.restore(resume.victim.optimizer);
      if (resume.transform) this.adaptive?.optimizer.restore(resume.transform.optimizer);
      this.done = resume.step;
    }
  }

  /** Steps done. */
  get step(): number {
    return this.done;
  }

  /**
   * Compiles what a step needs, in parallel; `run` does it where the caller has not. Resolves at once when that was done.
   * Nothing else may compute meanwhile. @throws StudioError `gpu/error` where the adapter refuses a shader.
   */
  async compile(onProgress?: CompileProgress): Promise<void> {
    if (this.compiled || this.context.compileAhead === false) return;
    this.compiled = true;
    const backend = tf.backend();
    if (!(backend instanceof WebGPUBackend) || !movesInPlace()) return;
    const { settings, height, width, bound } = this.context;
    const { batchSize } = settings;
    const batch: ClassifierBatch = {
      pixels: new Float32Array(batchSize * height * width * 3),
      labels: new Int32Array(batchSize),
      targets: new Float32Array(batchSize * (bound.classes ?? 0)),
    };
    const step = (): void => void tf.tidy(() => void this.gradients(batch));
    const uncounted = this.adaptive?.refine.transform;
    const body = (): void => this.network.uncounted(() => (uncounted ? uncounted.uncounted(step) : step()));
    await compileAhead(backend, body, new Set(), onProgress);
  }

  /**
   * Trains to the end, one event a step. The last incomplete batch of an epoch is left out, as in the official code.
   * @throws StudioError `train/non-finite-loss` on a logged step, `aborted` when `signal` aborts (between two steps).
   */
  async *run(signal?: AbortSignal): AsyncGenerator<ClassifierStep> {
    const losses = new LossMeter();
    const fences: Promise<void>[] = [];
    let next = this.prepare(this.done);
    try {
      await this.compile();
      while (this.done < this.totalSteps) {
        if (signal?.aborted) throw new StudioError('aborted', 'Training was stopped.');
        const batch = await next;
        if (batch === null) break;
        const rates = this.schedule(this.done);
        this.network.startStep(this.done);
        const { loss, victim, transform } = this.gradients(batch);
        this.optimizer.step(victim, rates);
        if (this.adaptive && transform) {
          const { transformLearningRate } = this.adaptive.refine.settings;
          this.adaptive.optimizer.step(transform, { ...rates, learningRate: transformLearningRate });
        }
        tf.dispose([...victim.values(), ...(transform?.values() ?? [])]);
        losses.add(loss);
        this.done += 1;
        next = this.prepare(this.done);
        fences.push(gpuFence());
        if (fences.length > STEPS_IN_FLIGHT) await fences.shift();
        const logged = this.done % this.context.logEverySteps === 0 || this.done === this.totalSteps;
        yield {
          step: this.done,
          epoch: Math.floor((this.done - 1) / this.stepsPerEpoch),
          loss: logged ? await losses.read(this.done) : null,
          learningRate: rates.learningRate,
        };
      }
    } finally {
      await Promise.allSettled([next, ...fences]);
      losses.dispose();
    }
  }

  /** Everything needed to go on from here; call it between two events of `run`. */
  async checkpoint(): Promise<ClassifierCheckpoint> {
    const { adaptive } = this;
    return {
      identity: this.identity,
      step: this.done,
      victim: { state: await this.network.stateDict(), optimizer: await this.optimizer.state() },
      transform: adaptive && {
        state: await adaptive.refine.transform.stateDict(),
        optimizer: await adaptive.optimizer.state(),
      },
    };
  }

  dispose(): void {
    this.network.dispose();
    this.optimizer.dispose();
    if (!this.adaptive) return;
    this.adaptive.optimizer.dispose();
    this.adaptive.refine.transform.dispose();
    this.adaptive.refine.inverse.dispose();
  }

  private gradients(batch: ClassifierBatch): ClassifierGradients {
    if (this.context.teacher) return distillationGradients(this.network, batch, this.context);
    return this.adaptive
      ? adaptiveGradients(this.network, this.adaptive.refine, batch, this.context)
      : classifierGradients(this.network, batch, this.context);
  }

  /** The attacker's transform and map are not the defender's: they come from another stream of the seed. */
  private createAdaptive(): Adaptive | null {
    const { settings, seed, height, width, normalization, bound, resume } = this.context;
    if (!settings.adaptive) return null;
    const own = new RandomStream(seed, PURPOSE.adaptive).below(2 ** 31);
    const network = unet(settings.adaptive.firstChannels, [height, width]);
    const transform = buildTrainable(network, resume?.transform ? resume.transform : { seed: own });
    const map = drawLabelMap({ kind: 'derangement', seed: own }, bound.classes ?? 0, own);
    const refine = {
      transform,
      inverse: tf.tensor1d(inverseMap(map), 'int32'),
      settings: settings.adaptive,
      normalization,
    };
    const { transformLearningRate } = settings.adaptive;
    const optimizer = { ...settings.optimizer, learningRate: transformLearningRate };
    return { refine, optimizer: createOptimizer(optimizer, transform.parameters) };
  }

  /** The batch of `step`, or null after the last. A failure surfaces where the batch is awaited. */
  private prepare(step: number): ReturnType<ClassifierBatches['batch']> | Promise<null> {
    if (step >= this.totalSteps) return Promise.resolve(null);
    const batch = this.batches.batch(step);
    batch.catch(() => undefined);
    return batch;
  }
}
