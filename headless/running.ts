import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Experiment } from '../src/protocol/experiment';
import type { ExportKind, RunSummary } from '../src/protocol/messages';
import type { RunResults } from '../src/protocol/results';
import type { Engine } from '../src/worker/engine/engine';
import type { RunWatch } from './runWatch';

/** How an experiment is run. */
export interface ExperimentRunOptions {
  readonly experiment: Experiment;
  /** What the experiment's paths are relative to. */
  readonly folder: string;
  readonly out: string;
  /** Go on from the last checkpoint in `out`; `if possible`: where there is none, from the beginning. */
  readonly resume: boolean | 'if possible';
  readonly log: (line: string) => void;
  /** Where victims that several runs share are kept between them; none where absent. */
  readonly victims?: string;
  /** Whether a black box behind an address may be asked; false where absent. */
  readonly allowNetwork?: boolean;
}

/** A run's parts, as they are handed around. */
export interface Running extends ExperimentRunOptions {
  readonly resume: boolean;
  readonly engine: Engine;
  readonly watch: RunWatch;
  readonly interrupted: Promise<null>;
  readonly runs: readonly RunSummary[];
}

/** Requests made here need no progress of their own: run events tell it. */
export const QUIET = { progress: () => undefined };

/** The run's results, or null where it was interrupted; its checkpoint is then in the store. */
export async function finish(
  { engine, interrupted }: Running,
  runId: string,
  ended: Promise<RunResults>,
): Promise<RunResults | null> {
  const results = await Promise.race([ended, interrupted]);
  if (results === null) await engine.handlers['run/checkpoint']({ runId }, QUIET);
  return results;
}

/** Writes exports into `out`; `rename` gives their names there. */
export async function writeOutputs(
  engine: Engine,
  out: string,
  kinds: readonly ExportKind[],
  rename: (name: string) => string = (name) => name,
): Promise<void> {
  for (const kind of kinds) {
    const { name, bytes } = await engine.handlers['export/file']({ kind }, QUIET);
    await writeFile(join(out, rename(name)), bytes);
  }
}

/** The newest stored run of a kind that left a checkpoint, or null. */
export function lastOf(runs: readonly RunSummary[], kind: RunSummary['kind']): string | null {
  const latest = runs
    .filter((run) => run.kind === kind && run.hasCheckpoint)
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))[0];
  return latest?.id ?? null;
}
