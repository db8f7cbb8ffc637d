import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ExportKind } from '../src/protocol/messages';
import type { BlackBoxResults } from '../src/protocol/results';
import { loadModel } from '../src/worker/engine/loadModel';
import { inputFile } from './files';
import { finish, lastOf, QUIET, type Running, writeOutputs } from './running';

/** What the distillation of a black box leaves. */
export const SURROGATE = 'surrogate.pth';
const OUTPUTS: readonly ExportKind[] = ['victim.safetensors', 'victim-metrics.csv', 'victim-results.json'];
const named = (name: string): string => name.replace('victim', 'surrogate');

/** Distils the surrogate, or takes a finished one, and loads it as the model; false where that was interrupted. */
export async function distilSurrogate(running: Running): Promise<boolean> {
  const { engine, experiment, out, log, resume, runs, watch, allowNetwork = false } = running;
  const own = join(out, SURROGATE);
  if (resume && existsSync(own)) {
    log(`surrogate: ${own}`);
    engine.session.replaceModel(await loadModel(await inputFile(own)));
    return true;
  }
  const ended = watch.next();
  const previous = resume ? lastOf(runs, 'surrogate') : null;
  const request = { experiment, resume: previous, allowNetwork };
  const { runId, totalSteps } = await engine.handlers['blackbox/distil'](request, QUIET);
  log(`surrogate: ${previous === null ? 'distilling' : 'distilling resumed'}, ${totalSteps} steps`);
  if ((await finish(running, runId, ended)) === null) return false;
  await writeOutputs(engine, out, OUTPUTS, named);
  // Last: where it lies, the distillation is known to be over.
  await writeOutputs(engine, out, ['victim.pth'], named);
  await engine.handlers['victim/adopt']({}, QUIET);
  return true;
}

/** The four pairs of Table 11; they are in `results.json` from then on. */
export async function measureBlackBox(running: Running): Promise<BlackBoxResults> {
  const { engine, log, allowNetwork = false } = running;
  log('measuring the black box behind the transform');
  return engine.handlers['blackbox/evaluate']({ allowNetwork }, QUIET);
}
