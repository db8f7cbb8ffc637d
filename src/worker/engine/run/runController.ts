import type { Turn, Work } from '../../../compute/device/turn';
import { asStudioError, isOfBlackBox, StudioError, toWireError } from '../../../protocol/errors';
import type { RunProgress, WorkerEvent } from '../../../protocol/messages';
import type { Evaluation } from '../../../protocol/results';
import type { RunRecord } from '../../../storage/schemas';
import type { GpuQueue } from '../gpuQueue';
import { isGridStep } from './gridSteps';
import { Pace } from './pace';
import type { RunJournal } from './runJournal';
import { RunRequests } from './runRequests';
import { runResults } from './runResults';
import type { RunGroundwork, RunTrainer, TrainedStep } from './trainer';

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
 * step, stop and checkpoint between steps; while it evaluates, between two batches. `finished` resolves when it is over, however it ended.
 */
export class RunController {
  readonly finished: Promise<void>;
  private phase: Phase = 'preparing';
  private step: number;
  private epoch: number;
  private over = false;
  /** Calls off the work under way that takes many turns; null between such. */
  private work: AbortController | null = null;
  /** What was learned is not to be evaluated. */
  private unmeasured = false;
  /** More than steps has been done since the last checkpoint. */
  private unsaved = false;
  private resting: Promise<void> | null = null;
  private readonly requests = new RunRequests();
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

  /** After the current step, or the current batch of an evaluation. */
  pause(): void {
    this.requests.pause();
  }

  resume(): void {
    this.requests.resume();
  }

  /** One more step, then paused again; resolves when it is done. An evaluation under way is brought to its end first. */
  singleStep(): Promise<void> {
    return this.over ? Promise.resolve() : this.requests.singleStep();
  }

  /**
   * Ends the run after the current step; what was learned is kept and evaluated. During an evaluation, and a second time: at once, without
   * (another) evaluation.
   */
  stop(): void {
    if (this.requests.stopping || this.work) this.unmeasured = true;
    this.work?.abort();
    this.requests.stop();
  }

  /** Takes a checkpoint between two steps and gives its step. */
  checkpoint(): Promise<number> {
    if (!this.over) return this.requests.checkpoint();
    return Promise.reject(
      new StudioError('worker/nothing-loaded', 'The run is over; its last checkpoint is kept.'),
    );
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
      this.requests.noMoreSteps();
      const gone = new StudioError('aborted', 'The run ended before this checkpoint was taken.');
      for (const waiting of this.requests.takeCheckpoints()) waiting.reject(gone);
    }
  }

  private async compile(): Promise<void> {
    if (this.requests.stopping) return;
    this.enter('preparing');
    await this.onDevice(() =>
      this.trainer.compile((done, total) => this.tell(`Compiling shaders, ${done} of ${total}`)),
    );
  }

  private async evaluateBefore(): Promise<void> {
    if (this.journal.before === null) {
      this.enter('evaluating-before');
      const before = await this.evaluate((work) => this.trainer.evaluateBefore(work));
      if (before) this.journal.evaluated({ step: 0, epoch: 0, evaluation: before }, 'before');
    }
    if (!this.requests.stopping) await this.showGrid();
  }

  private async train(): Promise<void> {
    const { requests } = this;
    if (!requests.holdsStill) this.enter('training');
    while (!requests.stopping && this.step < this.trainer.totalSteps) {
      if (requests.wantsCheckpoint) {
        await this.saveForCallers();
        continue;
      }
      if (requests.holdsStill) {
        await this.rest();
        continue;
      }
      if (this.phase === 'paused') this.enter('training');
      if (this.trainer.groundwork) {
        await this.prepare(this.trainer.groundwork);
        continue;
      }
      const done = await this.onDevice(() => this.trainer.next());
      if (!done) break;
      await this.after(done);
      requests.stepDone();
    }
    requests.noMoreSteps();
    if (requests.wantsCheckpoint) await this.saveForCallers();
  }

  /** What is done of it is kept, however it ends. */
  private async prepare(groundwork: RunGroundwork): Promise<void> {
    this.enter('preparing');
    const words = (done: number, total: number) => `${groundwork.label}, ${done} of ${total}`;
    this.unsaved = true;
    await this.inTurns((work) => groundwork.run(work), words);
    await this.save('running');
    if (!this.requests.stopping) this.enter('training');
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
    const evaluation = await this.evaluate((work) => this.trainer.evaluateNow(work));
    if (evaluation) this.journal.evaluated({ step: this.step, epoch: this.epoch, evaluation }, 'during');
    if (!this.requests.stopping) this.enter('training');
  }

  /** Waits, checkpoint taken, until something is asked of the run. */
  private async rest(): Promise<void> {
    const { requests, journal } = this;
    if (this.phase !== 'paused') {
      if (this.unsaved || (journal.checkpointStep !== this.step && this.step > 0)) await this.save('paused');
      else await journal.write('paused');
      this.enter('paused', journal.notice);
    }
    await Promise.race([requests.change(), this.failure]);
  }

  private async conclude(): Promise<void> {
    const complete = this.step >= this.trainer.totalSteps;
    let after: Evaluation | null = null;
    if (this.step > 0) {
      if (this.journal.checkpointStep !== this.step) await this.save('running');
      if (!this.unmeasured) after = await this.evaluateAfter();
      await this.showGrid();
    }
    const { trainer, journal, around } = this;
    const results = runResults(this.step, trainer, journal, around.adapter, after);
    await journal.write(complete ? 'done' : 'stopped', results);
    this.enter(complete ? 'done' : 'stopped', journal.notice);
    around.emit({ kind: 'run/finished', runId: this.id, results: journal.results ?? results });
  }

  private async evaluateAfter(): Promise<Evaluation | null> {
    this.enter('evaluating');
    const evaluation = await this.evaluate((work) => this.trainer.evaluateNow(work));
    if (evaluation) this.journal.evaluated({ step: this.step, epoch: this.epoch, evaluation }, 'after');
    return evaluation;
  }

  /** Null where there is nothing to evaluate on, and where the evaluation was stopped. */
  private async evaluate(job: (work: Work) => Promise<Evaluation | null>): Promise<Evaluation | null> {
    return this.inTurns(job, (done, total) => `${done} of ${total} images evaluated`);
  }

  /** Work of many turns, between which the run can be paused; null where it was stopped. */
  private async inTurns<T>(
    job: (work: Work) => Promise<T>,
    words: (done: number, total: number) => string,
  ): Promise<T | null> {
    const { phase } = this;
    const work = new AbortController();
    const { signal } = work;
    this.work = work;
    const onProgress = (done: number, total: number): void => {
      if (this.phase === phase) this.tell(words(done, total));
    };
    const turn: Turn = async (once) => {
      await this.mayGoOn(phase, signal);
      return this.onDevice(once);
    };
    try {
      return await Promise.race([job({ signal, onProgress, turn }), this.failure]);
    } catch (error) {
      if (signal.aborted && asStudioError(error).code === 'aborted') return null;
      throw error;
    } finally {
      // What is left of it, after a failure from outside, ends as well.
      work.abort();
      this.work = null;
    }
  }

  /** Rests while the run is paused in the middle of work. @throws StudioError `aborted` once the work is called off. */
  private async mayGoOn(phase: Phase, signal: AbortSignal): Promise<void> {
    const { requests } = this;
    while (!signal.aborted && (requests.holdsStill || requests.wantsCheckpoint)) {
      if (requests.wantsCheckpoint) await this.saveForCallers();
      // Two turns may be asked for at once; they rest together.
      else await (this.resting ??= this.rest().finally(() => (this.resting = null)));
    }
    if (signal.aborted) throw new StudioError('aborted', 'Stopped.');
    if (this.phase === 'paused') this.enter(phase);
  }

  private async showGrid(): Promise<void> {
    const grid = await this.onDevice(() => this.trainer.grid());
    if (grid) this.around.emit({ kind: 'run/grid', runId: this.id, grid });
  }

  private async save(status: RunRecord['status']): Promise<void> {
    const bytes = await this.onDevice(() => this.trainer.checkpoint());
    await this.journal.save(bytes, status);
    this.lastSave = this.around.now();
    // Work under way has done more by the time it ends.
    this.unsaved &&= this.work !== null;
    if (this.journal.notice !== null) this.tell(this.journal.notice);
  }

  private async saveForCallers(): Promise<void> {
    const waiting = this.requests.takeCheckpoints();
    if (this.unsaved || this.journal.checkpointStep !== this.step)
      await this.save(this.requests.paused ? 'paused' : 'running');
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
