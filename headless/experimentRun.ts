import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { StudioError } from '../src/protocol/errors';
import type { Experiment } from '../src/protocol/experiment';
import type { ExportKind } from '../src/protocol/messages';
import type { RunResults } from '../src/protocol/results';
import { loadModel } from '../src/worker/engine/loadModel';
import type { Engine } from '../src/worker/engine/engine';
import { decodedFolder } from './decodedFolder';
import { inputFile } from './files';
import { openFolderStore } from './folderStore';
import { type ExperimentRunOptions, finish, lastOf, QUIET, type Running, writeOutputs } from './running';
import { onInterrupt, RunWatch } from './runWatch';
import { distilSurrogate, measureBlackBox, SURROGATE } from './surrogate';
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
/** How a run ended: with results, or interrupted with its checkpoint kept. */
export type ExperimentOutcome = { readonly results: RunResults } | { readonly interruptedAt: number };

/**
 * Runs an experiment to its end and writes its outputs into `out`: first the victim's training or the surrogate's, where it asks for one. The first SIGINT or
 * SIGTERM ends it after the current step with a checkpoint that `resume` goes on from.
 * @throws StudioError as loading and training do; `train/checkpoint-mismatch` when there is nothing to resume.
 */
export async function runExperiment(options: ExperimentRunOptions): Promise<ExperimentOutcome> {
  const { experiment, folder, out, log } = options;
  await mkdir(out, { recursive: true });
  const store = await openFolderStore(join(out, 'run'));
  const watch = new RunWatch(log);
  const engine = await openEngine(store, watch.take);
  const interruption = onInterrupt();
  try {
    const runs = await engine.handlers['runs/list']({}, QUIET);
    const resumable =
      runs.some((run) => run.hasCheckpoint) ||
      [VICTIM, SURROGATE].some((name) => existsSync(join(out, name)));
    if (options.resume === true && !resumable) throw nothingToResume();
    const resume = options.resume !== false && resumable;
    const device = await engine.handlers['device/open']({}, QUIET);
    log(`adapter: ${device.adapter.name}${device.adapter.software ? ' (software)' : ''}`);
    for (const { name, reason } of device.kernels.disabled) log(`kernel ${name} is off: ${reason}`);
    await loadInputs(engine, experiment, folder);
    tellKept(engine, log);
    const running = { ...options, resume, engine, watch, interrupted: interruption.signalled, runs };
    if (experiment.model.train && !(await makeVictim(running))) return { interruptedAt: watch.step };
    if (experiment.model.blackBox && !(await distilSurrogate(running))) return { interruptedAt: watch.step };
    const ended = watch.next();
    const previous = resume ? lastOf(runs, 'defense') : null;
    const { runId, totalSteps } = await engine.handlers['run/start']({ experiment, resume: previous }, QUIET);
    log(`${previous === null ? 'started' : 'resumed'}: ${totalSteps} steps`);
    const results = await finish(running, runId, ended);
    if (results === null) return { interruptedAt: watch.step };
    const blackBox = experiment.model.blackBox ? await measureBlackBox(running) : null;
    await writeOutputs(engine, out, OUTPUTS);
    return { results: blackBox ? { ...results, blackBox } : results };
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

/** Where images that do not fit in memory are kept decoded, or why they are not. */
function tellKept({ session }: Engine, log: (line: string) => void): void {
  for (const loaded of [session.dataset, session.transformImages]) {
    const kept = loaded?.kept.status();
    if (!kept) continue;
    log(kept.problem ?? `decoded images: ${kept.stored} of ${kept.count} are in ${decodedFolder()}`);
  }
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
