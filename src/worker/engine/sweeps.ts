import { canonical } from '../../compute/refine/checkpointContainer';
import { sha256OfBlob } from '../../formats/hash';
import { asStudioError, StudioError, toWireError } from '../../protocol/errors';
import type { Experiment } from '../../protocol/experiment';
import type { StoredSweep, SweepCellSummary, SweepProgress } from '../../protocol/messages';
import type { RunResults } from '../../protocol/results';
import { expandSweep, type SweepCell } from '../../protocol/sweep';
import type { SweepRow } from '../../protocol/sweepTable';
import type { EngineContext } from './engine';
import type { LoadedModel } from './loadModel';
import { checkAttack } from './poisoning';
import { adoptVictim } from './victimHandlers';

/** Where the last sweep is kept among the settings. */
const KEPT = 'sweep/last';
/** Victims kept in memory, so that runs that differ in the defence alone train theirs once. */
const MAX_VICTIMS = 8;

type SweepsContext = Pick<EngineContext, 'session' | 'queue' | 'runs' | 'store' | 'emit'>;

/** A kept sweep, with what its rows are true of. */
interface Kept extends StoredSweep {
  readonly fingerprint: string;
}

/** The one sweep at a time: the cells of an experiment's sweep, one run after the other, on what is loaded. */
export class Sweeps {
  private stopping = false;
  private readonly victims = new Map<string, LoadedModel>();

  constructor(private readonly context: SweepsContext) {}

  /**
   * Starts a sweep; resolves with its cells, once every one of them is checked, and the rows that are there. Runs that a kept sweep of the same file on the same data has
   * done are not run again.
   * @throws StudioError as `expandSweep`, `worker/busy`, `worker/nothing-loaded`, `trigger/invalid`, and `experiment/invalid` for a sweep over files,
   * which only the command line can open.
   */
  async start(file: unknown): Promise<Pick<StoredSweep, 'cells' | 'rows'>> {
    const { session, runs } = this.context;
    const cells = expandSweep(file, 'The experiment');
    session.requireDataset();
    for (const { experiment } of cells) await this.check(experiment, cells[0]);
    runs.reserve('starting a sweep');
    this.stopping = false;
    const trains = cells.every(({ experiment }) => experiment.model.train !== null);
    const fingerprint = await this.fingerprint(file, trains ? null : (session.model?.summary.hash ?? null));
    const kept = await this.kept();
    const rows = kept?.fingerprint === fingerprint ? kept.rows.filter(({ results }) => results !== null) : [];
    void this.live(file, fingerprint, cells, [...rows]);
    return { cells: cells.map(summaryOf), rows };
  }

  stop(): void {
    this.stopping = true;
    this.context.runs.active?.stop();
  }

  /** The last sweep, or null. */
  async read(): Promise<StoredSweep | null> {
    const kept = await this.kept();
    return kept && { file: kept.file, cells: kept.cells, rows: kept.rows };
  }

  private async live(
    file: unknown,
    fingerprint: string,
    cells: readonly SweepCell[],
    rows: SweepRow[],
  ): Promise<void> {
    const { runs, emit, store } = this.context;
    const count = cells.length;
    const loaded = this.context.session.model;
    const tell = (progress: Omit<SweepProgress, 'count'>) =>
      emit({ kind: 'sweep/progress', progress: { ...progress, count } });
    let index = 0;
    try {
      for (const cell of cells) {
        index = cell.index;
        if (this.stopping) break;
        if (rows.some(({ id }) => id === cell.id)) continue;
        const row = await this.run(cell, (stage) => tell({ status: 'running', index, stage }));
        // A run that was stopped half way is not a result of the sweep.
        if (this.stopping) break;
        rows.push(row);
        emit({ kind: 'sweep/row', row });
        const kept: Kept = { fingerprint, file, cells: cells.map(summaryOf), rows };
        await store.writeSetting(KEPT, kept).catch(() => undefined);
      }
      if (!this.stopping) index = count;
    } catch (thrown) {
      emit({ kind: 'device/error', error: toWireError(asStudioError(thrown)) });
      this.stopping = true;
    } finally {
      await this.putBack(loaded);
      runs.release();
      this.victims.clear();
      tell({ status: this.stopping ? 'stopped' : 'done', index, stage: null });
    }
  }

  /** The page goes on with the model that it had loaded, not with the last victim. */
  private async putBack(loaded: LoadedModel | null): Promise<void> {
    const { session, queue } = this.context;
    if (session.model === loaded) return;
    await queue.run(() => Promise.resolve(session.replaceModel(loaded))).catch(() => undefined);
  }

  /** One cell; a run that fails is a row that says so. */
  private async run(
    { id, values, experiment }: SweepCell,
    enter: (stage: 'victim' | 'defense') => void,
  ): Promise<SweepRow> {
    const { session, runs } = this.context;
    let victim: RunResults | null = null;
    try {
      if (experiment.model.train) {
        enter('victim');
        victim = await this.victim(experiment);
        if (this.stopping) return { id, values, results: null, victim, failure: null };
      }
      enter('defense');
      await runs.startReserved(experiment, null);
      await runs.idle();
      const results = parsed(session.defended?.resultsJson() ?? null);
      return { id, values, results, victim, failure: results ? null : 'The run ended without results.' };
    } catch (thrown) {
      return { id, values, results: null, victim, failure: asStudioError(thrown).message };
    }
  }

  /** Trains the cell's victim, or takes the one an earlier cell made, and loads it. */
  private async victim(experiment: Experiment): Promise<RunResults | null> {
    const { session, queue, runs } = this.context;
    const { model, attack, dataset, seed } = experiment;
    const key = canonical([model, attack, dataset.train, seed]);
    const known = this.victims.get(key);
    if (known) {
      await queue.run(() => Promise.resolve(session.replaceModel(known)));
      return null;
    }
    await runs.startVictimReserved(experiment, null);
    await runs.idle();
    const results = parsed(session.madeVictim?.resultsJson() ?? null);
    if (!results) throw new StudioError('aborted', 'The classifier of this run could not be trained.');
    if (this.stopping) return results;
    const { model: loaded } = await adoptVictim(session, queue);
    const [oldest] = this.victims.keys();
    if (this.victims.size >= MAX_VICTIMS && oldest !== undefined) this.victims.delete(oldest);
    this.victims.set(key, loaded);
    return results;
  }

  /** Refuses, before anything is run, what could not be. */
  private async check(experiment: Experiment, first: SweepCell | undefined): Promise<void> {
    const { session } = this.context;
    const { model, dataset } = experiment;
    if (!model.train) session.requireModel();
    const base = first?.experiment;
    if (model.path !== base?.model.path || dataset.path !== base.dataset.path) {
      throw new StudioError(
        'experiment/invalid',
        'A sweep over files needs the command line: the page runs a sweep on the model and the images that are loaded.',
        { subject: 'sweep.axes' },
      );
    }
    await checkAttack(session, experiment);
  }

  /** Rows are true of one file on one data set and, where victims are not trained, one model. */
  private async fingerprint(file: unknown, model: string | null): Promise<string> {
    const data = await this.context.session.dataset?.fingerprint();
    return sha256OfBlob(new Blob([canonical([file, data ?? null, model])]));
  }

  private async kept(): Promise<Kept | null> {
    const value = await this.context.store.readSetting(KEPT).catch(() => null);
    return typeof value === 'object' && value !== null && 'rows' in value ? (value as Kept) : null;
  }
}

function summaryOf({ index, id, values }: SweepCell): SweepCellSummary {
  return { index, id, values };
}

function parsed(results: string | null): RunResults | null {
  return results === null ? null : (JSON.parse(results) as RunResults);
}
