import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fromWireError, StudioError } from '../src/protocol/errors';
import type { Experiment } from '../src/protocol/experiment';
import type { ExportKind, RunProgress, WorkerEvent } from '../src/protocol/messages';
import type { RunResults } from '../src/protocol/results';
import type { Engine } from '../src/worker/engine/engine';
import { deferred } from './deferred';
import { openFolderStore } from './folderStore';
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
const LINE_EVERY_MS = 10_000;
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
}

/** How a run ended: with results, or interrupted with its checkpoint kept. */
export type ExperimentOutcome = { readonly results: RunResults } | { readonly interruptedAt: number };

/**
 * Runs an experiment to its end and writes its outputs into `out`. The first SIGINT or SIGTERM ends it after the current step with a
 * checkpoint that `resume` goes on from.
 * @throws StudioError as loading and training do; `train/checkpoint-mismatch` when there is nothing to resume.
 */
export async function runExperiment(options: ExperimentRunOptions): Promise<ExperimentOutcome> {
  const { experiment, folder, out, resume, log } = options;
  await mkdir(out, { recursive: true });
  const store = await openFolderStore(join(out, 'run'));
  const ended = deferred<RunResults>();
  // Whoever awaits hears of a failure; before that it must not count as unhandled.
  ended.promise.catch(() => undefined);
  const report = reporter(log);
  let step = 0;
  const engine = await openEngine(store, (event) => {
    report(event);
    if (event.kind === 'run/progress') step = event.progress.step;
    if (event.kind === 'run/finished') ended.resolve(event.results);
    if (event.kind === 'run/failed' || event.kind === 'device/error' || event.kind === 'device/lost') {
      ended.reject(fromWireError(event.error));
    }
  });
  const interruption = onInterrupt();
  try {
    const previous = resume ? await lastRun(engine) : null;
    const device = await engine.handlers['device/open']({}, QUIET);
    log(`adapter: ${device.adapter.name}${device.adapter.software ? ' (software)' : ''}`);
    for (const { name, reason } of device.kernels.disabled) log(`kernel ${name} is off: ${reason}`);
    await loadInputs(engine, experiment, folder);
    const { runId, totalSteps } = await engine.handlers['run/start']({ experiment, resume: previous }, QUIET);
    log(`${previous === null ? 'started' : 'resumed'}: ${totalSteps} steps`);
    const results = await Promise.race([ended.promise, interruption.signalled]);
    if (results === null) {
      await engine.handlers['run/checkpoint']({ runId }, QUIET);
      return { interruptedAt: step };
    }
    await writeOutputs(engine, out);
    return { results };
  } finally {
    interruption.dispose();
    await engine.dispose();
  }
}

async function writeOutputs(engine: Engine, out: string): Promise<void> {
  for (const kind of OUTPUTS) {
    const { name, bytes } = await engine.handlers['export/file']({ kind }, QUIET);
    await writeFile(join(out, name), bytes);
  }
}

async function lastRun(engine: Engine): Promise<string> {
  const runs = await engine.handlers['runs/list']({}, QUIET);
  const latest = [...runs]
    .filter((run) => run.hasCheckpoint)
    .sort((a, b) => (a.updatedAt < b.updatedAt ? 1 : -1))[0];
  if (latest) return latest.id;
  throw new StudioError(
    'train/checkpoint-mismatch',
    'There is no checkpoint in the output folder to resume from.',
  );
}

/** Resolves with null at the first SIGINT or SIGTERM; a second one ends the process as ever. */
function onInterrupt(): { readonly signalled: Promise<null>; readonly dispose: () => void } {
  const { promise, resolve } = deferred<null>();
  const listener = () => resolve(null);
  process.once('SIGINT', listener);
  process.once('SIGTERM', listener);
  return {
    signalled: promise,
    dispose() {
      process.removeListener('SIGINT', listener);
      process.removeListener('SIGTERM', listener);
    },
  };
}

/** Turns events into lines: every change of phase, every evaluation, and progress every ten seconds. */
function reporter(log: (line: string) => void): (event: WorkerEvent) => void {
  let phase: RunProgress['phase'] | null = null;
  let loss: number | null = null;
  let lastLine = 0;
  return (event) => {
    if (event.kind === 'run/metrics') loss = event.rows.at(-1)?.loss ?? loss;
    if (event.kind === 'run/evaluation') {
      const { benignAccuracy, attackSuccessRate } = event.point.evaluation;
      const percent = (value: { rate: number } | null) =>
        value ? `${(100 * value.rate).toFixed(2)} %` : 'unknown';
      log(
        `step ${event.point.step}, ${event.when}: BA ${percent(benignAccuracy)}, ASR ${percent(attackSuccessRate)}`,
      );
    }
    if (event.kind !== 'run/progress') return;
    const { progress } = event;
    const now = performance.now();
    if (progress.phase === phase && (progress.phase !== 'training' || now - lastLine < LINE_EVERY_MS)) return;
    phase = progress.phase;
    lastLine = now;
    const left = progress.secondsLeft === null ? '' : `, ${Math.ceil(progress.secondsLeft)} s left`;
    const pace = progress.stepsPerSecond > 0 ? `, ${(1 / progress.stepsPerSecond).toFixed(2)} s a step` : '';
    log(
      progress.phase === 'training' && progress.step > 0
        ? `step ${progress.step} of ${progress.totalSteps}${loss === null ? '' : `: loss ${loss.toFixed(4)}`}${pace}${left}`
        : progress.phase,
    );
  };
}
