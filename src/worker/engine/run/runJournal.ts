import { asStudioError, StudioError } from '../../../protocol/errors';
import type { Experiment } from '../../../protocol/experiment';
import type { WorkerEvent } from '../../../protocol/messages';
import type {
  BlackBoxResults,
  Evaluation,
  EvaluationPoint,
  MetricsRow,
  RunResults,
} from '../../../protocol/results';
import type { RunStore } from '../../../storage/runStore';
import type { RunRecord } from '../../../storage/schemas';

/**
 * What a run leaves behind: its record, curve and checkpoint in the store, told to the page as it happens. A store that
 * fails does not stop the run; `notice` then says in words what could not be kept.
 */
export class RunJournal {
  private readonly unwritten: MetricsRow[] = [];
  private readonly curve: MetricsRow[];
  private finalResults: RunResults | null = null;
  private savedStep: number | null;
  private lastNotice: string | null = null;
  /** What was measured of the black box, as long as nothing more is learned. */
  private blackBox: BlackBoxResults | null;

  constructor(
    private readonly store: RunStore,
    private readonly emit: (event: WorkerEvent) => void,
    private record: RunRecord,
    savedStep: number | null,
    /** What was logged before this sitting. */
    rows: readonly MetricsRow[] = [],
    blackBox: BlackBoxResults | null = null,
  ) {
    this.savedStep = savedStep;
    this.blackBox = blackBox;
    this.curve = [...rows];
  }

  get id(): string {
    return this.record.id;
  }

  /** Why the last thing was not kept, or null. */
  get notice(): string | null {
    return this.lastNotice;
  }

  /** The step of the checkpoint in the store, or null. */
  get checkpointStep(): number | null {
    return this.savedStep;
  }

  get before(): Evaluation | null {
    return this.record.before;
  }

  get history(): readonly EvaluationPoint[] {
    return this.record.history;
  }

  get trainingSeconds(): number {
    return this.record.trainingSeconds;
  }

  /** The whole curve, also what no store would take. */
  get metrics(): readonly MetricsRow[] {
    return this.curve;
  }

  /** Null until the run is over. */
  get results(): RunResults | null {
    return this.finalResults;
  }

  /** Takes note of a step; nothing is written before the next `save`. */
  step(step: number, seconds: number, row: MetricsRow | null): void {
    this.record = { ...this.record, step, trainingSeconds: this.record.trainingSeconds + seconds };
    this.blackBox = null;
    if (!row) return;
    this.unwritten.push(row);
    this.curve.push(row);
    this.emit({ kind: 'run/metrics', runId: this.id, rows: [row] });
  }

  /** Takes note of an evaluation and tells the page. */
  evaluated(point: EvaluationPoint, when: 'before' | 'during' | 'after'): void {
    const copy = structuredClone(point) as RunRecord['history'][number];
    if (when === 'before') this.record = { ...this.record, before: copy.evaluation };
    else if (when === 'during') this.record = { ...this.record, history: [...this.record.history, copy] };
    else this.record = { ...this.record, after: copy.evaluation };
    this.emit({ kind: 'run/evaluation', runId: this.id, point, when });
  }

  /** Writes the record and what of the curve is new. */
  async write(status: RunRecord['status'], given: RunResults | null = null): Promise<void> {
    const results = given && this.blackBox ? { ...given, blackBox: this.blackBox } : given;
    this.finalResults = results;
    this.lastNotice = await problemOf(async () => {
      const now = new Date().toISOString();
      this.record = {
        ...this.record,
        status,
        updatedAt: now,
        results: structuredClone(results) as RunRecord['results'],
      };
      const rows = this.unwritten.splice(0);
      await this.store.appendMetrics(this.id, rows);
      await this.store.writeRun(this.record);
    });
  }

  /** Adds the black box's figures to the results of a run that is over; before that there is nothing to add to. */
  async addBlackBox(blackBox: BlackBoxResults): Promise<void> {
    this.blackBox = blackBox;
    if (this.finalResults) await this.write(this.record.status, this.finalResults);
  }

  /** Stores a checkpoint taken at the record's step, then the record; tells the page when it is there. */
  async save(bytes: Uint8Array, status: RunRecord['status']): Promise<void> {
    const { step } = this.record;
    const problem = await problemOf(async () => {
      const { at } = await this.store.writeCheckpoint(this.id, step, bytes);
      this.savedStep = step;
      this.emit({ kind: 'run/checkpointed', runId: this.id, step, at });
    });
    await this.write(status);
    this.lastNotice = problem ?? this.lastNotice;
  }
}

async function problemOf(write: () => Promise<void>): Promise<string | null> {
  try {
    await write();
    return null;
  } catch (error) {
    return asStudioError(error).message;
  }
}

/** The record of a run that is about to start. */
export function newRecord(
  id: string,
  experiment: Experiment,
  labelMap: readonly number[],
  totalSteps: number,
  kind: RunRecord['kind'] = 'defense',
): RunRecord {
  const now = new Date().toISOString();
  return {
    id,
    kind,
    name: experiment.name,
    createdAt: now,
    updatedAt: now,
    status: 'running',
    step: 0,
    totalSteps,
    before: null,
    after: null,
    experiment,
    history: [],
    labelMap: [...labelMap],
    results: null,
    trainingSeconds: 0,
  };
}

/** A stored run, ready to go on from its last checkpoint. */
export interface ResumedRun {
  readonly record: RunRecord;
  readonly bytes: Uint8Array;
  readonly step: number;
  readonly rows: readonly MetricsRow[];
  /** What was measured of the black box behind just these weights. */
  readonly blackBox: BlackBoxResults | null;
}

/**
 * Reads a stored run and its last checkpoint. What was logged after the checkpoint is forgotten, because it will be
 * logged again. @throws StudioError `train/checkpoint-mismatch` where there is nothing to resume from, `storage/corrupt`.
 */
export async function resumeRecord(store: RunStore, id: string): Promise<ResumedRun> {
  const run = await store.readRun(id);
  const checkpoint = run ? await store.readCheckpoint(id) : null;
  if (!run || !checkpoint) {
    throw new StudioError('train/checkpoint-mismatch', 'This run has no checkpoint to go on from.', {
      subject: id,
    });
  }
  const { step, bytes } = checkpoint;
  await store.truncateMetrics(id, step);
  const { hasCheckpoint: _has, metrics, ...rest } = run;
  const record = structuredClone(rest) as RunRecord;
  const history = record.history.filter((point) => point.step <= step);
  return {
    record: { ...record, history, step, status: 'running', after: null, results: null },
    bytes,
    step,
    rows: metrics.filter((row) => row.step <= step),
    blackBox: record.step === step ? (record.results?.blackBox ?? null) : null,
  };
}
