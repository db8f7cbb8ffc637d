import { existsSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../src/protocol/errors';
import type { RunResults } from '../src/protocol/results';
import { expandSweep, type SweepCell } from '../src/protocol/sweep';
import { type SweepRow, sweepCsv, sweepTable } from '../src/protocol/sweepTable';
import { runExperiment } from './experimentRun';
import { checkCells } from './sweepCheck';

/** How a sweep is run. */
export interface SweepRunOptions {
  /** The experiment file as read; `source` names it in messages. */
  readonly file: unknown;
  readonly source: string;
  readonly folder: string;
  readonly out: string;
  /** Go on from the checkpoint of a run that did not end, where it left one. Runs that are done are never run again. */
  readonly resume: boolean;
  /** Whether black boxes behind addresses may be asked. */
  readonly allowNetwork: boolean;
  readonly log: (line: string) => void;
}

/** A run as the sweep asked for it: what its folder is known by. */
const ASKED = 'asked.json';

/** How a sweep ended. */
export interface SweepOutcome {
  readonly rows: readonly SweepRow[];
  /** False where it was interrupted. */
  readonly complete: boolean;
}

/**
 * Runs every cell of an experiment's sweep, each in a folder of its own below `out`, and writes `sweep.csv` and `sweep.md` after each. A run
 * that fails is told in the table, does not end the others, and is run again by the next call. Runs that share a victim train it once.
 * @throws StudioError as `expandSweep` and `checkCells`, and `experiment/invalid` where a run's folder holds another run than the one asked
 * for; all before anything is run.
 */
export async function runSweep(
  options: SweepRunOptions,
  runCell: typeof runExperiment = runExperiment,
  check: typeof checkCells = checkCells,
): Promise<SweepOutcome> {
  const { file, source, folder, out, resume, log } = options;
  const cells = expandSweep(file, source);
  for (const cell of cells) await refuseAnother(cell, join(out, cell.id));
  const ahead = [];
  for (const cell of cells) if (!(await doneBefore(join(out, cell.id)))) ahead.push(cell);
  if (ahead.length > 0) await check(ahead, folder);
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
      await mkdir(place, { recursive: true });
      await writeFile(join(place, ASKED), `${JSON.stringify(cell.experiment, null, 2)}\n`);
      const outcome = await runCell({
        experiment: cell.experiment,
        folder,
        out: place,
        resume: resume ? 'if possible' : false,
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

/** The folder of a changed sweep holds runs that were not asked for: they are neither taken for its own nor written over. */
async function refuseAnother({ experiment, id }: SweepCell, place: string): Promise<void> {
  const asked = await readJson(join(place, ASKED));
  // Through JSON, as what was written has gone.
  if (asked === null || isDeepStrictEqual(asked, JSON.parse(JSON.stringify(experiment)))) return;
  throw new StudioError(
    'experiment/invalid',
    `${place} holds another run than the sweep asks for under ${id}: choose another --out, or remove that folder.`,
    { subject: place },
  );
}

async function rowOf(cell: SweepCell, place: string, results: RunResults): Promise<SweepRow> {
  const victim = (await readJson(join(place, 'victim-results.json'))) as RunResults | null;
  return { id: cell.id, values: cell.values, results, victim, failure: null };
}

/** The results of a run that has all its outputs: `experiment.json` is the last that is written. */
async function doneBefore(place: string): Promise<RunResults | null> {
  if (!existsSync(join(place, 'experiment.json'))) return null;
  return (await readJson(join(place, 'results.json'))) as RunResults | null;
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as unknown;
  } catch {
    return null;
  }
}
