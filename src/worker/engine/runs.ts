import type { StepReport } from '../../protocol/diagnostics';
import { StudioError } from '../../protocol/errors';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import type { WorkerEvent } from '../../protocol/messages';
import type { RunStore } from '../../storage/runStore';
import type { RunRecord } from '../../storage/schemas';
import { writeMetricsCsv } from '../../formats/exports/metricsCsv';
import type { OpenBlackBox } from './blackBoxes';
import { evaluationBatch, type EngineDevice } from './engineDevice';
import type { GpuQueue } from './gpuQueue';
import { poisoningOf } from './poisoning';
import { RunController } from './run/runController';
import { newRecord, type ResumedRun, resumeRecord, RunJournal } from './run/runJournal';
import { prepareRefineRun } from './run/refineRun';
import type { RunTrainer } from './run/trainer';
import { prepareSurrogateRun, takeSurrogate } from './run/surrogateRun';
import { prepareVictimRun } from './run/victimRun';
import type { Session } from './session';

/** What runs need of the engine. */
export interface RunsContext {
  readonly session: Session;
  readonly queue: GpuQueue;
  readonly store: RunStore;
  readonly emit: (event: WorkerEvent) => void;
  readonly device: () => Promise<EngineDevice>;
}

/** What the page hears of a run that has begun. */
export interface StartedRun {
  readonly runId: string;
  readonly totalSteps: number;
}

/** A run on the device, and how what it makes becomes the session's. */
interface PreparedRun {
  readonly trainer: RunTrainer;
  readonly take: (journal: RunJournal) => void;
}

/** The one run at a time. */
export class Runs {
  private current: RunController | null = null;
  private formerStep: StepReport | null = null;
  private starting = false;
  /** Who keeps others out. */
  private reserved: string | null = null;

  constructor(private readonly context: RunsContext) {}

  /** The run under way (training, evaluating or paused), or null. */
  get active(): RunController | null {
    return this.current && !this.current.ended ? this.current : null;
  }

  /** How the steps of the last defence's run reach the GPU; null before one has taken a step. */
  get lastStep(): StepReport | null {
    return this.current?.trainer.stepReport?.() ?? this.formerStep;
  }

  /** @throws StudioError `worker/busy` while a run is under way; `what` completes "before ...". */
  requireNone(what: string): void {
    if (this.reserved !== null) {
      throw new StudioError('worker/busy', `${this.reserved} is under way. Stop it before ${what}.`);
    }
    if (!this.starting && !this.active) return;
    throw new StudioError('worker/busy', `A run is under way. Stop it before ${what}.`);
  }

  /**
   * Keeps everything that `requireNone` guards for one caller until `release`. @param who the caller, to begin a sentence
   * with. @throws StudioError `worker/busy`.
   */
  reserve(what: string, who = 'A sweep'): void {
    this.requireNone(what);
    this.reserved = who;
  }

  release(): void {
    this.reserved = null;
  }

  /** @throws StudioError `worker/nothing-loaded` where no run of this id is under way. */
  require(runId: string): RunController {
    const { active } = this;
    if (active?.id === runId) return active;
    throw new StudioError('worker/nothing-loaded', 'This run is not under way any more.', { subject: runId });
  }

  /**
   * Starts a defence's run, or goes on with a stored one from its last checkpoint; resolves once it runs.
   * @throws StudioError `worker/busy`, `worker/nothing-loaded`, `train/checkpoint-mismatch`, and as `prepareRefineRun`.
   */
  start(draft: Experiment, resume: string | null): Promise<StartedRun> {
    this.requireNone('starting another');
    return this.startReserved(draft, resume);
  }

  /** As `start`, for the caller that `reserve`d. */
  startReserved(draft: Experiment, resume: string | null): Promise<StartedRun> {
    return this.exclusively(draft, async (experiment) => {
      const { session } = this.context;
      session.requireModel();
      session.requireDataset();
      // The trigger is checked now: an option it refuses is better told before the first step than after it.
      await session.triggerFor(experiment);
      return this.begin('defense', experiment, resume, async (resumed, batch) => {
        const run = await prepareRefineRun(session, experiment, resumed?.bytes ?? null, batch);
        return {
          trainer: run.trainer,
          take: (journal) => session.replaceDefended(run.defended(journal)),
        };
      });
    });
  }

  /**
   * Starts the training of the classifier that the experiment describes, or goes on with a stored one.
   * @throws StudioError `worker/busy`, `worker/nothing-loaded`, `train/checkpoint-mismatch`, and as `prepareVictimRun`.
   */
  startVictim(draft: Experiment, resume: string | null): Promise<StartedRun> {
    this.requireNone('training a classifier');
    return this.startVictimReserved(draft, resume);
  }

  /** As `startVictim`, for the caller that `reserve`d. */
  startVictimReserved(draft: Experiment, resume: string | null): Promise<StartedRun> {
    return this.exclusively(draft, async (experiment) => {
      const { session } = this.context;
      session.requireDataset();
      // An attack that cannot be made of these images is told before any work starts.
      if (experiment.attack) await poisoningOf(session, experiment);
      return this.begin('victim', experiment, resume, async (resumed, batch) => {
        const run = await prepareVictimRun(session, experiment, resumed?.bytes ?? null, batch);
        const take = (journal: RunJournal) =>
          session.replaceMadeVictim({
            experiment,
            role: 'victim',
            state: () => run.state(),
            metricsCsv: () => writeMetricsCsv(journal.metrics),
            resultsJson: () => (journal.results ? `${JSON.stringify(journal.results, null, 2)}\n` : null),
            dispose: () => run.dispose(),
          });
        return { trainer: run.trainer, take };
      });
    });
  }

  /**
   * Starts the distillation of a black box's surrogate, or goes on with a stored one. @param open gives the experiment's black box, which stays its owner's.
   * @throws StudioError `worker/busy`, `worker/nothing-loaded`, `train/checkpoint-mismatch`, and as `prepareSurrogateRun`.
   */
  startSurrogate(draft: Experiment, resume: string | null, open: OpenBlackBox): Promise<StartedRun> {
    this.requireNone('distilling a surrogate');
    return this.exclusively(draft, async (experiment) => {
      const { session } = this.context;
      session.requireDataset();
      // Nobody distils for an hour to be told then that the attack to measure by cannot be made.
      await session.triggerFor(experiment);
      const held = await open(experiment);
      return this.begin('surrogate', experiment, resume, async (resumed, batch) => {
        const run = await prepareSurrogateRun(session, experiment, resumed?.bytes ?? null, batch, held);
        return { trainer: run.trainer, take: (journal) => takeSurrogate(session, run, journal) };
      });
    });
  }

  /** Ends the run under way, if any, with an error from outside. */
  fail(error: StudioError): void {
    this.active?.fail(error);
  }

  /** Resolves when no run is under way. */
  async idle(): Promise<void> {
    await this.current?.finished;
  }

  private async exclusively(
    draft: Experiment,
    begin: (experiment: Experiment) => Promise<StartedRun>,
  ): Promise<StartedRun> {
    this.starting = true;
    try {
      return await begin(parseExperiment(draft, 'The experiment'));
    } finally {
      this.starting = false;
    }
  }

  private async begin(
    kind: RunRecord['kind'],
    experiment: Experiment,
    resume: string | null,
    prepare: (resumed: ResumedRun | null, evaluationBatch: number) => Promise<PreparedRun>,
  ): Promise<StartedRun> {
    const { session, queue, store, emit } = this.context;
    const { dataset } = session.requireDataset();
    const { adapter } = (await this.context.device()).open;
    const resumed = resume === null ? null : await resumeRecord(store, resume);
    const batch = evaluationBatch(adapter.software, dataset.height, dataset.width);
    const id = resumed?.record.id ?? crypto.randomUUID();
    const { trainer, journal } = await queue.run(async () => {
      const run = await prepare(resumed, batch);
      const { totalSteps, labelMap } = run.trainer;
      const record = resumed
        ? { ...resumed.record, experiment: structuredClone(experiment), totalSteps }
        : newRecord(id, experiment, labelMap, totalSteps, kind);
      const kept = new RunJournal(
        store,
        emit,
        record,
        resumed?.step ?? null,
        resumed?.rows,
        resumed?.blackBox,
      );
      session.experiment = experiment;
      run.take(kept);
      return { trainer: run.trainer, journal: kept };
    });
    const around = { queue, adapter, emit, now: () => performance.now() };
    this.formerStep = this.lastStep;
    this.current = new RunController(trainer, journal, around);
    return { runId: id, totalSteps: trainer.totalSteps };
  }
}
