import type { Optimizer, StepRates } from '../optimizers/optimizer';
import { movesInPlace } from '../kernels/optimizer/movingAverage';
import { internalsOf } from '../plan/internals';
import type { PlanSize } from '../plan/plan';
import { Unplannable } from '../plan/unplannable';
import { tf, WebGPUBackend } from '../tf';
import type { ByteBatch } from './batchSource';
import { FlatMemory } from './flatMemory';
import type { LabelCache } from './labelCache';
import { LabelStore } from './labelStore';
import { PlannedStep, type StepParts } from './plannedStep';

/** How a training's steps reach the GPU. */
export type Planning =
  /** No step was taken yet. */
  | { readonly kind: 'pending' }
  /** As one list of commands, recorded once. `parameterBytes`: parameters, gradients and optimiser slots. */
  | ({ readonly kind: 'planned'; readonly parameterBytes: number } & PlanSize)
  /** Operation by operation, because of `reason`. */
  | { readonly kind: 'unplanned'; readonly reason: string };

const CALIBRATION_STEPS = 2;

/** A training's step as far as it is planned. */
export interface StepParty extends Omit<StepParts, 'backend' | 'memory'> {
  readonly optimizer: Optimizer;
  readonly stepsPerEpoch: number;
  /** Absent where labels are of no use later. */
  readonly cache: LabelCache | null;
}

/**
 * Plans a training's steps where that is possible. The owner disposes it after the model and the optimiser, whose variables
 * may have moved into its memory.
 */
export class Planner {
  planning: Planning = { kind: 'pending' };
  /** As of the last planned step. */
  submits = 0;
  private memory: FlatMemory | null = null;
  private step: PlannedStep | null = null;
  private store: LabelStore | null = null;
  private steps = 0;

  constructor(private readonly party: StepParty) {}

  /** Plans, unless that was tried before. Afterwards `planning` says how it went. */
  prepare(enabled: boolean): void {
    if (this.memory && this.step && !this.memory.current) this.giveUp('the weights were replaced');
    if (this.planning.kind !== 'pending') return;
    try {
      if (!enabled) throw new Unplannable('planning is switched off');
      const backend = tf.backend();
      if (!(backend instanceof WebGPUBackend) || !internalsOf(backend))
        throw new Unplannable('this is not the WebGPU backend');
      if (!movesInPlace()) throw new Unplannable('the running statistics do not move on a kernel of ours');
      const { party } = this;
      this.memory = new FlatMemory(backend, [...party.model.transform.parameters.values()], party.optimizer);
      this.step = new PlannedStep({ ...party, backend, memory: this.memory });
      if (party.cache)
        this.store = new LabelStore(backend.device, party.stepsPerEpoch, party.settings.batchSize);
      this.planning = { kind: 'planned', parameterBytes: this.memory.bytes, ...this.step.size };
    } catch (cause) {
      if (!(cause instanceof Unplannable)) throw cause;
      this.giveUp(cause.message);
    }
  }

  /** Runs a planned step, or returns false where there is no plan. */
  async run(batch: ByteBatch, rates: StepRates, epochStart: boolean): Promise<boolean> {
    const { step, store, party } = this;
    const { cache } = party;
    const { indices } = batch;
    if (!step) return false;
    if (store && cache && (epochStart || store.full)) await store.moveTo(cache);
    // The first two tell how a step is to be cut.
    if (this.steps++ <= CALIBRATION_STEPS) await step.measured;
    const known = cache?.find(indices) ?? null;
    const keep = store && !known ? store.keep.bind(store) : null;
    this.submits = step.submits;
    step.run(batch, known, rates, keep && ((encoder, labels) => keep(encoder, labels, indices)));
    return true;
  }

  /** As `StepMetrics.read`. */
  readLosses(): Promise<Float32Array> {
    return this.step ? this.step.metrics.read() : Promise.resolve(new Float32Array());
  }

  /** Frees what only further steps need; parameters stay where they are. */
  release(): void {
    this.step?.dispose();
    this.store?.dispose();
    this.step = null;
    this.store = null;
  }

  dispose(): void {
    this.release();
    this.memory?.dispose();
    this.memory = null;
  }

  private giveUp(reason: string): void {
    this.release();
    this.planning = { kind: 'unplanned', reason };
  }
}
