import type { Experiment } from '../../src/protocol/experiment';
import type { RunProgress, StoredRun, WorkerEvent } from '../../src/protocol/messages';
import {
  type Evaluation,
  type EvaluationPoint,
  type MetricsRow,
  rate,
  type RunResults,
} from '../../src/protocol/results';
import { fakeEvaluation, fakeGrid } from './answers';
import { stream } from './pictures';

type Phase = RunProgress['phase'];

/** A run that goes by a timer and invents its numbers. */
export class FakeRun {
  phase: Phase = 'preparing';
  step = 0;
  checkpointStep = 0;
  readonly metrics: MetricsRow[] = [];
  readonly history: EvaluationPoint[] = [];
  results: RunResults | null = null;
  readonly createdAt = new Date().toISOString();
  private timer: ReturnType<typeof setInterval> | null = null;
  private readonly random = stream(77);

  constructor(
    readonly id: string,
    readonly experiment: Experiment,
    readonly totalSteps: number,
    private readonly stepsPerTick: number,
    private readonly emit: (event: WorkerEvent) => void,
    readonly kind: StoredRun['kind'] = 'defense',
  ) {}

  get hasTrigger(): boolean {
    return this.experiment.attack !== null;
  }

  /** A classifier in training has nothing before it; before a surrogate is its black box. */
  private get before(): Evaluation | null {
    return this.kind === 'victim' ? null : fakeEvaluation(0, false, this.hasTrigger);
  }

  start(): void {
    this.tell('preparing');
    this.tell('evaluating-before');
    const { before } = this;
    if (before !== null) {
      const point = { step: 0, epoch: 0, evaluation: before };
      this.emit({ kind: 'run/evaluation', runId: this.id, when: 'before', point });
    }
    if (this.kind === 'defense') {
      this.emit({ kind: 'run/grid', runId: this.id, grid: fakeGrid(0, this.totalSteps) });
    }
    this.resume();
  }

  resume(): void {
    this.phase = 'training';
    this.tell('training');
    this.timer ??= setInterval(() => this.advance(this.stepsPerTick), 40);
  }

  pause(phase: Phase = 'paused'): void {
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = null;
    this.tell(phase);
  }

  /** Takes so many steps at once, with everything they tell. */
  advance(steps: number): void {
    const rows: MetricsRow[] = [];
    for (let index = 0; index < steps && this.step < this.totalSteps; index += 1) rows.push(this.oneStep());
    this.metrics.push(...rows);
    this.emit({ kind: 'run/metrics', runId: this.id, rows });
    const every = Math.ceil(this.totalSteps / 12);
    if (
      this.kind !== 'victim' &&
      Math.floor(this.step / every) > Math.floor((this.step - rows.length) / every)
    )
      this.measure('during');
    this.tell(this.phase);
    if (this.step >= this.totalSteps) this.finish('done');
  }

  finish(phase: 'done' | 'stopped'): void {
    this.pause('evaluating');
    const point = this.measure('after');
    const { id: runId } = this;
    this.emit({ kind: 'run/checkpointed', runId, step: this.step, at: new Date().toISOString() });
    this.checkpointStep = this.step;
    this.results = {
      name: this.experiment.name,
      adapter: 'Fake GPU 9000',
      softwareAdapter: false,
      steps: this.step,
      epochs: 1,
      secondsPerStep: 0.032,
      trainingSeconds: this.step * 0.032,
      labelMap: [5, 7, 0, 9, 3, 4, 8, 1, 6, 2],
      before: this.before,
      after: point.evaluation,
      history: this.history,
    };
    this.emit({ kind: 'run/finished', runId, results: this.results });
    this.tell(phase);
  }

  fail(): void {
    this.pause('failed');
    this.emit({
      kind: 'run/failed',
      runId: this.id,
      error: {
        code: 'train/non-finite-loss',
        message: `The loss stopped being a number at step ${this.step}.`,
        detail: 'loss = NaN, learning rate 0.4',
        subject: null,
      },
    });
  }

  stored(): StoredRun {
    const status =
      this.phase === 'training' ||
      this.phase === 'paused' ||
      this.phase === 'done' ||
      this.phase === 'failed';
    return {
      id: this.id,
      kind: this.kind,
      name: this.experiment.name,
      createdAt: this.createdAt,
      updatedAt: new Date().toISOString(),
      status: !status ? 'stopped' : this.phase === 'training' ? 'running' : (this.phase as 'done'),
      step: this.step,
      totalSteps: this.totalSteps,
      hasCheckpoint: this.checkpointStep > 0,
      before: this.before,
      after: this.history.at(-1)?.evaluation ?? null,
      experiment: this.experiment,
      metrics: this.metrics,
      history: this.history,
      labelMap: [5, 7, 0, 9, 3, 4, 8, 1, 6, 2],
      results: this.results,
    };
  }

  private oneStep(): MetricsRow {
    this.step += 1;
    const x = this.step / this.totalSteps;
    const noise = () => 1 + (this.random() - 0.5) * 0.28;
    const classificationLoss = (0.06 + 2.2 * Math.exp(-6 * x)) * noise();
    const supconLoss = (2.2 + 1.9 * Math.exp(-3 * x)) * noise();
    return {
      step: this.step,
      epoch: Math.floor(this.step / 50),
      loss: classificationLoss + 0.1 * supconLoss,
      classificationLoss,
      supconLoss,
      learningRate: 0.01 * Math.sin(Math.PI * Math.min(0.999, x + 0.02)),
      stepSeconds: 0.03,
    };
  }

  private measure(when: 'during' | 'after'): EvaluationPoint {
    const evaluation = this.evaluation();
    const point = { step: this.step, epoch: Math.floor(this.step / 50), evaluation };
    this.history.push(point);
    this.emit({ kind: 'run/evaluation', runId: this.id, point, when });
    if (this.kind === 'defense') {
      this.emit({ kind: 'run/grid', runId: this.id, grid: fakeGrid(this.step, this.totalSteps) });
    }
    return point;
  }

  /** A surrogate comes near to a black box that is as good, and as backdoored, as a victim. */
  private evaluation(): Evaluation {
    const share = this.step / this.totalSteps;
    const evaluation = fakeEvaluation(share, this.kind === 'defense', this.hasTrigger);
    if (this.kind !== 'surrogate') return evaluation;
    const agreeing = Math.round(2000 * (1 - 0.9 * Math.exp(-5 * share)));
    return { ...evaluation, agreementWithOriginal: rate(agreeing, 2000) };
  }

  private tell(phase: Phase): void {
    this.phase = phase;
    this.emit({
      kind: 'run/progress',
      progress: {
        runId: this.id,
        phase,
        step: this.step,
        totalSteps: this.totalSteps,
        epoch: Math.floor(this.step / 50),
        stepsPerSecond: this.step > 1 ? 31.4 : 0,
        secondsLeft: this.step > 1 ? (this.totalSteps - this.step) / 31.4 : null,
        note: null,
      },
    });
  }
}
