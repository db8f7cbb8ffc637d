import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../src/protocol/errors';
import type { Experiment } from '../src/protocol/experiment';
import type { ExportKind, RunSummary } from '../src/protocol/messages';
import type { RunResults } from '../src/protocol/results';
import type { Engine } from '../src/worker/engine/engine';
import { loadModel } from '../src/worker/engine/loadModel';
import { inputFile } from './files';
import { openFolderStore } from './folderStore';
import { onInterrupt, RunWatch } from './runWatch';
import { loadInputs, openEngine } from './studio';

/** What a run leaves in its folder (DESIGN, "The experiment file"). */
const OUTPUTS: readonly ExportKind[] = [
  'results.json',
  'metrics.csv',
  'transform.safetensors',
  'transform.pth',
  'label_map.json',
  'label_shuffle.pth',
  'experiment.json',
];
/** What the training of a victim leaves. */
const VICTIM_OUTPUTS: readonly ExportKind[] = [
  'victim.safetensors',
  'victim-metrics.csv',
  'victim-results.json',
];
const VICTIM = 'victim.pth';
/** Requests made here need no progress of their own: run events tell it. */
const QUIET = { progress: () => undefined };

/** How an experiment is run. */
export interface ExperimentRunOptions {
  readonly experiment: Experiment;
  /** What the experiment's paths are relative to. */
  readonly folder: string;
  readonly out: string;
  /** Go on from the last checkpoint in `out`. */
  readonly resume: boolean;
  readonly log: (line: string) => void;
  /** Where victims that several runs share are kept between them; none where absent. */
  readonly victims?: string;
}

/** How a run ended: with results, or interrupted with its checkpoint kept. */
export type ExperimentOutcome = { readonly results: RunResults } | { readonly interruptedAt: number };

/** A run's parts, as they are handed around. */
interface Running extends ExperimentRunOptions {
  readonly engine: Engine;
  readonly watch: RunWatch;
  readonly interrupted: Promise<null>;
  readonly runs: readonly RunSummary[];
}

/**
 * Runs an experiment to its end and writes its outputs into `out`: first the victim's training, where it asks for one. The first SIGINT or
 * SIGTERM ends it after the current step with a checkpoint that `resume` goes on from.
 * @throws StudioError as loading and training do; `train/checkpoint-mismatch` when there is nothing to resume.
 */
export async function runExperiment(options: ExperimentRunOptions): Promise<ExperimentOutcome> {
  const { experiment, folder, out, resume, log } = options;
  await mkdir(out, { recursive: true });
  const store = await openFolderStore(join(out, 'run'));
  const watch = new RunWatch(log);
  const engine = await openEngine(store, watch.take);
  const interruption = onInterrupt();
  try {
    const runs = await engine.handlers['runs/list']({}, QUIET);
    const resumable = runs.some((run) => run.hasCheckpoint) || existsSync(join(out, VICTIM));
    if (resume && !resumable) throw nothingToResume();
    const device = await engine.handlers['device/open']({}, QUIET);
    log(`adapter: ${device.adapter.name}${device.adapter.software ? ' (software)' : ''}`);
    for (const { name, reason } of device.kernels.disabled) log(`kernel ${name} is off: ${reason}`);
    await loadInputs(engine, experiment, folder);
    const running = { ...options, engine, watch, interrupted: interruption.signalled, runs };
    if (experiment.model.train && !(await makeVictim(running))) return { interruptedAt: watch.step };
    const ended = watch.next();
    const previous = resume ? lastOf(runs, 'defense') : null;
    const { runId, totalSteps } = await engine.handlers['run/start']({ experiment, resume: previous }, QUIET);
    log(`${previous === null ? 'started' : 'resumed'}: ${totalSteps} steps`);
    const results = await finish(running, runId, ended);
    if (results === null) return { interruptedAt: watch.step };
    await writeOutputs(engine, out, OUTPUTS);
    return { results };
  } finally {
    interruption.dispose();
    await engine.dispose();
  }
}

/**
 * Trains the victim, or takes it from where it was kept, and loads it as the model; false where that was interrupted.
 */
async function makeVictim(running: Running): Promise<boolean> {
  const { engine, experiment, out, victims, log, resume, runs, watch } = running;
  const own = join(out, VICTIM);
  const shared = victims === undefined ? null : join(victims, `${victimKey(experiment)}.pth`);
  const ready = [resume ? own : null, shared].find((path) => path !== null && existsSync(path));
  if (ready) {
    log(`victim: ${ready}`);
    if (ready !== own) await copyFile(ready, own);
    engine.session.replaceModel(await loadModel(await inputFile(ready)));
    return true;
  }
  const ended = watch.next();
  const previous = resume ? lastOf(runs, 'victim') : null;
  const { runId, totalSteps } = await engine.handlers['victim/train'](
    { experiment, resume: previous },
    QUIET,
  );
  log(`victim: ${previous === null ? 'training' : 'training resumed'}, ${totalSteps} steps`);
  if ((await finish(running, runId, ended)) === null) return false;
  const outputs = experiment.attack ? [...VICTIM_OUTPUTS, 'poisoning.json' as const] : VICTIM_OUTPUTS;
  await writeOutputs(engine, out, outputs);
  const attack = await engine.session.triggerFor(experiment);
  if (attack && Object.keys(attack.assets).length > 0)
    await writeOutputs(engine, out, ['attack.safetensors']);
  // Last: where it lies, the training is known to be over.
  await writeOutputs(engine, out, [VICTIM]);
  if (shared !== null && victims !== undefined) {
    await mkdir(victims, { recursive: true });
    await copyFile(own, shared);
  }
  await engine.handlers['victim/adopt']({}, QUIET);
  return true;
}

/** The run's results, or null where it was interrupted; its checkpoint is then in the store. */
async function finish(
  { engine, interrupted }: Running,
  runId: string,
  ended: Promise<RunResults>,
): Promise<RunResults | null> {
  const results = await Promise.race([ended, interrupted]);
  if (results === null) await engine.handlers['run/checkpoint']({ runId }, QUIET);
  return results;
}

async function writeOutputs(engine: Engine, out: string, kinds: readonly ExportKind[]): Promise<void> {
  for (const kind of kinds) {
    const { name, bytes } = await engine.handlers['export/file']({ kind }, QUIET);
    await writeFile(join(out, name), bytes);
  }
}

function lastOf(runs: readonly RunSummary[], kind: RunSummary['kind']): string | null {
  const latest = runs
    .filter((run) => run.kind === kind && run.hasCheckpoint)
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))[0];
  return latest?.id ?? null;
}

function nothingToResume(): StudioError {
  return new StudioError(
    'train/checkpoint-mismatch',
    'There is no checkpoint in the output folder to resume from.',
  );
}

/** Names a victim by everything its weights follow from. */
function victimKey({ model, dataset, attack, seed }: Experiment): string {
  const { path, testPath, train } = dataset;
  const { normalization, channelOrder } = model;
  const recipe = [model.train, normalization, channelOrder, path, testPath, train, attack, seed];
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 16);
}
