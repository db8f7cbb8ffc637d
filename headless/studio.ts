import { openAsBlob } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import { attackByKind } from '../src/compute/attacks/registry';
import { openOnnxBlackBox } from '../src/compute/blackbox/onnxBlackBox';
import { DEMO_VICTIM_PATH, DRAWN_SIGNS_PATH } from '../src/data/drawn/demoExperiment';
import type { Experiment } from '../src/protocol/experiment';
import type { WorkerEvent } from '../src/protocol/messages';
import type { RunStore } from '../src/storage/runStore';
import { createEngine, type Engine } from '../src/worker/engine/engine';
import { loadDataset, loadDrawnSigns, loadTransformImages } from '../src/worker/engine/loadDataset';
import { loadModel } from '../src/worker/engine/loadModel';
import { installDawn } from './dawn';
import { openDecodedStores } from './decodedFolder';
import { filesBeside, inputFile, inputFiles } from './files';

/** The checkout that this command line belongs to; what the project ships lies under it. */
export const PROJECT_ROOT = process.env['REFINE_STUDIO_ROOT'] ?? process.cwd();
const DEMO_VICTIM = join(PROJECT_ROOT, 'public', DEMO_VICTIM_PATH);

/** onnxruntime's wasm, which its package keeps beside its code. */
function runtimeWasm(): string {
  return createRequire(join(PROJECT_ROOT, 'package.json')).resolve(
    'onnxruntime-web/ort-wasm-simd-threaded.wasm',
  );
}

/** The page's engine, on Dawn; ONNX black boxes run in this thread. */
export async function openEngine(store: RunStore, emit: (event: WorkerEvent) => void): Promise<Engine> {
  const gpu = await installDawn();
  return createEngine({
    store,
    decoded: await openDecodedStores(),
    emit,
    gpu,
    fetchDemo: () => openAsBlob(DEMO_VICTIM),
    openOnnx: async (options) => openOnnxBlackBox(options, await readFile(runtimeWasm())),
  });
}

/** Where inputs are loaded into. */
type Inputs = Pick<Engine, 'session' | 'keeper'>;

/**
 * Loads everything an experiment names, as dropping it on the page would. Paths are relative to `folder`.
 * @throws StudioError naming the file and the reason.
 */
export async function loadInputs(engine: Inputs, experiment: Experiment, folder: string): Promise<void> {
  await loadModelAndImages(engine, experiment, folder);
  await loadNamedFiles(engine, experiment, folder);
}

/** The model, where a file holds it, and the images. @throws StudioError naming the file and the reason. */
export async function loadModelAndImages(
  { session, keeper }: Inputs,
  { model, dataset }: Experiment,
  folder: string,
): Promise<void> {
  if (model.path !== null) {
    session.replaceModel(
      await loadModel(
        model.path === DEMO_VICTIM_PATH
          ? { path: DEMO_VICTIM_PATH, blob: await openAsBlob(DEMO_VICTIM) }
          : await inputFile(resolve(folder, model.path)),
        await filesBeside(resolve(folder, model.path)),
      ),
    );
  }
  session.replaceDataset(
    dataset.path === DRAWN_SIGNS_PATH
      ? await loadDrawnSigns()
      : await loadDataset(
          await inputFiles(resolve(folder, dataset.path)),
          dataset.testPath === null ? null : await inputFiles(resolve(folder, dataset.testPath)),
          { keeper },
        ),
  );
  if (dataset.transformPath !== null) {
    const files = await inputFiles(resolve(folder, dataset.transformPath));
    session.replaceTransformImages(
      await loadTransformImages(dataset.transformPath, files, session.requireDataset().dataset, { keeper }),
    );
  }
}

/** The files that an attack's options and the start weights name. @throws StudioError naming the file and the reason. */
export async function loadNamedFiles(
  { session }: Inputs,
  { model, attack, defense }: Experiment,
  folder: string,
): Promise<void> {
  if (attack) {
    for (const { key, kind } of attackByKind(attack.kind).options) {
      const path = attack.options[key];
      if (typeof path !== 'string' || (kind !== 'image' && kind !== 'file')) continue;
      const file = await inputFile(resolve(folder, path));
      if (kind === 'image') await session.images.add({ ...file, path });
      else session.extraFiles.set(path, file);
    }
  }
  const named = [defense.initialWeights, model.train?.initialWeights, model.blackBox?.path];
  for (const path of named) {
    if (path) session.extraFiles.set(path, await inputFile(resolve(folder, path)));
  }
}

/** The folder that an experiment file's paths are relative to. */
export function folderOf(file: string): string {
  return dirname(resolve(file));
}
