import { asStudioError, isOfBlackBox, StudioError, toWireError } from '../../../protocol/errors';
import type { RunProgress, WorkerEvent } from '../../../protocol/messages';
import type { Evaluation, RunResults } from '../../../protocol/results';
import type { RunRecord } from '../../../storage/schemas';
import type { GpuQueue } from '../gpuQueue';
import { isGridStep } from './gridSteps';
import { Pace } from './pace';
import type { RunJournal } from './runJournal';
import type { RunTrainer, TrainedStep } from './trainer';

/** What a run needs of the engine around it. */
export interface RunSurroundings {
  readonly queue: GpuQueue;
  readonly adapter: { readonly name: string; readonly software: boolean };
  readonly emit: (event: WorkerEvent) => void;
  /** Milliseconds; tests bring their own. */
  readonly now: () => number;
}

/** A checkpoint is written at least so often while training runs. */
const AUTOSAVE_MS = 30_000;
/** The end of an epoch is a good moment for one, but epochs can be short. */
const EPOCH_SAVE_MS = 10_000;

type Phase = RunProgress['phase'];

/**
 * One run from its first step to its end: consumes the trainer, one step a turn of the GPU queue, and obeys pause, resume,
 * step, stop and checkpoint between steps. `finished` resolves when it is over, however it ended.
 */
export class RunController {
  readonly finished: Promise<void>;
  private phase: Phase = 'preparing';
  private step: number;
  private epoch: number;
  private paused = false;
  private stopping = false;
  private over = false;
  private singleSteps: (() => void)[] = [];
  private checkpoints: { resolve(step: number): void; reject(error: StudioError): void }[] = [];
  private wake: (() => void) | null = null;
  private evaluation = new AbortController();
  private readonly pace = new Pace();
  private lastSave: number;
  private readonly failure: Promise<never>;
  private failWith: (error: StudioError) => void = () => undefined;

  constructor(
    readonly trainer: RunTrainer,
    private readonly journal: RunJournal,
    private readonly around: RunSurroundings,
  ) {
    this.step = trainer.startStep;
    this.epoch = Math.floor(trainer.startStep / trainer.stepsPerEpoch);
    this.lastSave = around.now();
    this.failure = new Promise<never>((_resolve, reject) => (this.failWith = reject));
    this.failure.catch(() => undefined);
    this.finished = this.live();
  }

  get id(): string {
    return this.journal.id;
  }

  get ended(): boolean {
    return this.over;
  }

  /** After the current step. */
  pause(): void {
    this.paused = true;
  }

  resume(): void {
    this.paused = false;
    this.wakeUp();
  }

  /** One more step, then paused again; resolves when it is done. */
  singleStep(): Promise<void> {
    if (this.over) return Promise.resolve();
    this.paused = true;
    return new Promise((resolve) => {
      this.singleSteps.push(resolve);
      this.wakeUp();
    });
  }

  /** Ends the run after the current step; what was learned is kept and evaluated. A second time: without evaluation. */
  stop(): void {
    if (this.stopping || this.phase === 'evaluating-before') this.evaluation.abort();
    this.stopping = true;
    this.wakeUp();
  }

  /** Takes a checkpoint between two steps and gives its step. */
  checkpoint(): Promise<number> {
    if (this.over) {
      return Promise.reject(
        new StudioError('worker/nothing-loaded', 'The run is over; its last checkpoint is kept.'),
      );
    }
    return new Promise((resolve, reject) => {
      this.checkpoints.push({ resolve, reject });
      this.wakeUp();
    });
  }

  /** Ends the run at once with an error from outside (a lost device); nothing more is asked of the device. */
  fail(error: StudioError): void {
    this.failWith(error);
  }

  private async live(): Promise<void> {
    try {
      await this.journal.write('running');
      await this.compile();
      await this.evaluateBefore();
      await this.train();
      await this.conclude();
    } catch (thrown) {
      const error = asStudioError(thrown);
      // What was learned is whole, and is kept to be gone on with.
      const keep = isOfBlackBox(error.code) && this.journal.checkpointStep !== this.step && this.step > 0;
      if (keep) await this.save('failed').catch(() => undefined);
      await this.journal.write('failed');
      this.enter('failed', error.message);
      this.around.emit({ kind: 'run/failed', runId: this.id, error: toWireError(error) });
    } finally {
      this.over = true;
      // Not awaited: a lost device may never answer.
      this.around.queue.run(() => this.trainer.close()).catch(() => undefined);
      for (const resolve of this.singleSteps.splice(0)) resolve();
      const gone = new StudioError('aborted', 'The run ended before this checkpoint was taken.');
      for (const waiting of this.checkpoints.splice(0)) waiting.reject(gone);
    }
  }

  private async compile(): Promise<void> {
    if (this.stopping) return;
    this.enter('preparing');
    await this.onDevice(() =>
      this.trainer.compile((done, total) => this.tell(`Compiling shaders, ${done} of ${total}`)),
    );
  }

  private async evaluateBefore(): Promise<void> {
    if (this.journal.before === null) {
      this.enter('evaluating-before');
      const before = await this.evaluate((signal, progress) => this.trainer.evaluateBefore(signal, progress));
      if (before) this.journal.evaluated({ step: 0, epoch: 0, evaluation: before }, 'before');
    }
    if (!this.stopping) await this.showGrid();
  }

  private async train(): Promise<void> {
    if (!this.paused) this.enter('training');
    while (!this.stopping && this.step < this.trainer.totalSteps) {
      if (this.checkpoints.length > 0) await this.saveForCallers();
      if (this.paused && this.singleSteps.length === 0) {
        await this.rest();
        continue;
      }
      const done = await this.onDevice(() => this.trainer.next());
      if (!done) break;
      await this.after(done);
      this.singleSteps.shift()?.();
    }
    for (const resolve of this.singleSteps.splice(0)) resolve();
    if (this.checkpoints.length > 0) await this.saveForCallers();
  }

  private async after(done: TrainedStep): Promise<void> {
    this.step = done.step;
    this.epoch = done.epoch;
    this.pace.add(done.seconds);
    this.journal.step(done.step, done.seconds, done.row);
    this.tell(null);
    if (done.step === this.trainer.totalSteps) return;
    const { everyEpochs } = this.trainer.experiment.evaluate;
    if (done.endsEpoch && everyEpochs > 0 && (done.epoch + 1) % everyEpochs === 0)
      await this.evaluateDuring();
    if (isGridStep(done.step, this.trainer.totalSteps)) await this.showGrid();
    const age = this.around.now() - this.lastSave;
    if (age >= AUTOSAVE_MS || (done.endsEpoch && age >= EPOCH_SAVE_MS)) await this.save('running');
  }

  private async evaluateDuring(): Promise<void> {
    this.enter('evaluating');
    const evaluation = await this.evaluate((signal, progress) => this.trainer.evaluateNow(signal, progress));
    if (evaluation) {
      this.journal.evaluated({ step: this.step, epoch: this.epoch, evaluation }, 'during');
    }
    this.enter('training');
  }

  /** Waits, checkpoint taken, until something is asked of the run. */
  private async rest(): Promise<void> {
    if (this.phase !== 'paused') {
      if (this.journal.checkpointStep !== this.step && this.step > 0) await this.save('paused');
      else await this.journal.write('paused');
      this.enter('paused', this.journal.notice);
    }
    const asked = () =>
      !this.paused || this.stopping || this.singleSteps.length + this.checkpoints.length > 0;
    if (!asked()) {
      await Promise.race([new Promise<void>((resolve) => (this.wake = resolve)), this.failure]);
      this.wake = null;
    }
    if (!this.paused && !this.stopping) this.enter('training');
    // A single step's progress is that of training; the pause is entered anew after it.
    if (this.paused && this.singleSteps.length > 0) this.phase = 'training';
  }

  private async conclude(): Promise<void> {
    const complete = this.step >= this.trainer.totalSteps;
    let after: Evaluation | null = null;
    if (this.step > 0) {
      if (this.journal.checkpointStep !== this.step) await this.save('running');
      this.enter('evaluating');
      after = await this.evaluate((signal, progress) => this.trainer.evaluateNow(signal, progress));
      if (after) {
        this.journal.evaluated({ step: this.step, epoch: this.epoch, evaluation: after }, 'after');
      }
      await this.showGrid();
    }
    const results = this.results(after);
    await this.journal.write(complete ? 'done' : 'stopped', results);
    this.enter(complete ? 'done' : 'stopped', this.journal.notice);
    this.around.emit({ kind: 'run/finished', runId: this.id, results: this.journal.results ?? results });
  }

  private results(after: Evaluation | null): RunResults {
    const { trainer, journal, around } = this;
    return {
      name: trainer.experiment.name,
      adapter: around.adapter.name,
      softwareAdapter: around.adapter.software,
      steps: this.step,
      epochs: this.step / trainer.stepsPerEpoch,
      secondsPerStep: this.step === 0 ? 0 : journal.trainingSeconds / this.step,
      trainingSeconds: journal.trainingSeconds,
      labelMap: [...trainer.labelMap],
      before: journal.before,
      after,
      history: journal.history,
    };
  }

  /** Null where there is nothing to evaluate on, and where the evaluation was stopped. */
  private async evaluate(
    job: (signal: AbortSignal, progress: (done: number, total: number) => void) => Promise<Evaluation | null>,
  ): Promise<Evaluation | null> {
    this.evaluation = new AbortController();
    const { signal } = this.evaluation;
    try {
      return await this.onDevice(() =>
        job(signal, (done, total) => this.tell(`${done} of ${total} images evaluated`)),
      );
    } catch (error) {
      if (signal.aborted && asStudioError(error).code === 'aborted') return null;
      throw error;
    }
  }

  private async showGrid(): Promise<void> {
    const grid = await this.onDevice(() => this.trainer.grid());
    if (grid) this.around.emit({ kind: 'run/grid', runId: this.id, grid });
  }

  private async save(status: RunRecord['status']): Promise<void> {
    const bytes = await this.onDevice(() => this.trainer.checkpoint());
    await this.journal.save(bytes, status);
    this.lastSave = this.around.now();
    if (this.journal.notice !== null) this.tell(this.journal.notice);
  }

  private async saveForCallers(): Promise<void> {
    const waiting = this.checkpoints.splice(0);
    if (this.journal.checkpointStep !== this.step) await this.save(this.paused ? 'paused' : 'running');
    const { notice } = this.journal;
    for (const caller of waiting) {
      if (notice === null) caller.resolve(this.step);
      else caller.reject(new StudioError('storage/unavailable', notice));
    }
  }

  /** One job of the queue, given up at once when the run fails from outside. */
  private onDevice<T>(job: () => Promise<T>): Promise<T> {
    return Promise.race([this.around.queue.run(job), this.failure]);
  }

  private wakeUp(): void {
    this.wake?.();
  }

  private enter(phase: Phase, note: string | null = null): void {
    this.phase = phase;
    this.tell(note);
  }

  private tell(note: string | null): void {
    const { totalSteps } = this.trainer;
    const progress: RunProgress = {
      runId: this.id,
      phase: this.phase,
      step: this.step,
      totalSteps,
      epoch: this.epoch,
      stepsPerSecond: this.pace.stepsPerSecond,
      secondsLeft: this.pace.secondsFor(totalSteps - this.step),
      note,
    };
    this.around.emit({ kind: 'run/progress', progress });
  }
}
