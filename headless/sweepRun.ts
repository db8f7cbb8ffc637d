import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../src/protocol/errors';
import type { RunResults } from '../src/protocol/results';
import { expandSweep, type SweepCell } from '../src/protocol/sweep';
import { type SweepRow, sweepCsv, sweepTable } from '../src/protocol/sweepTable';
import { runExperiment } from './experimentRun';

/** How a sweep is run. */
export interface SweepRunOptions {
  /** The experiment file as read; `source` names it in messages. */
  readonly file: unknown;
  readonly source: string;
  readonly folder: string;
  readonly out: string;
  /** Go on with an interrupted run's checkpoint. Runs that are done are never run again. */
  readonly resume: boolean;
  /** Whether black boxes behind addresses may be asked. */
  readonly allowNetwork: boolean;
  readonly log: (line: string) => void;
}

/** How a sweep ended. */
export interface SweepOutcome {
  readonly rows: readonly SweepRow[];
  /** False where it was interrupted. */
  readonly complete: boolean;
}

/**
 * Runs every cell of an experiment's sweep, each in a folder of its own below `out`, and writes `sweep.csv` and `sweep.md` after each. A run
 * that fails is told in the table and does not end the others. Runs that share a victim train it once.
 * @throws StudioError as `expandSweep`, before anything is run.
 */
export async function runSweep(options: SweepRunOptions): Promise<SweepOutcome> {
  const { file, source, folder, out, resume, log } = options;
  const cells = expandSweep(file, source);
  await mkdir(out, { recursive: true });
  const rows: SweepRow[] = [];
  for (const cell of cells) {
    const place = join(out, cell.id);
    const known = await doneBefore(place);
    if (known) {
      log(`run ${cell.index + 1} of ${cells.length}, ${cell.id}: done before`);
      rows.push(await rowOf(cell, place, known));
      continue;
    }
    log(`run ${cell.index + 1} of ${cells.length}, ${cell.id}`);
    try {
      const outcome = await runExperiment({
        experiment: cell.experiment,
        folder,
        out: place,
        resume: resume && existsSync(place),
        log,
        allowNetwork: options.allowNetwork,
        victims: join(out, 'victims'),
      });
      if ('interruptedAt' in outcome) return { rows, complete: false };
      rows.push(await rowOf(cell, place, outcome.results));
    } catch (thrown) {
      if (!(thrown instanceof StudioError)) throw thrown;
      log(`${cell.id} failed: ${thrown.message}`);
      rows.push({ id: cell.id, values: cell.values, results: null, victim: null, failure: thrown.message });
    }
    await writeFile(join(out, 'sweep.csv'), sweepCsv(rows));
    await writeFile(join(out, 'sweep.md'), `${sweepTable(rows)}\n`);
  }
  return { rows, complete: true };
}

async function rowOf(cell: SweepCell, place: string, results: RunResults): Promise<SweepRow> {
  const victim = await readResults(join(place, 'victim-results.json'));
  return { id: cell.id, values: cell.values, results, victim, failure: null };
}

/** The results of a run that has all its outputs: `experiment.json` is the last that is written. */
async function doneBefore(place: string): Promise<RunResults | null> {
  if (!existsSync(join(place, 'experiment.json'))) return null;
  return readResults(join(place, 'results.json'));
}

async function readResults(path: string): Promise<RunResults | null> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as RunResults;
  } catch {
    return null;
  }
}
