import { recogniseNetwork } from '../../src/compute/nn/registry';
import { traceNetwork } from '../../src/compute/nn/trace';
import { loadGraph } from '../../src/compute/graph/loadGraph';
import { planGraph } from '../../src/compute/graph/plan';
import { compileOnnx } from '../../src/compute/onnx/compileOnnx';
import type { ImageSplit } from '../../src/formats/datasets/imageDataset';
import { openDataset } from '../../src/formats/datasets/openDataset';
import { findBundle, isBundle } from '../../src/formats/exports/bundle';
import { readLabelMap } from '../../src/formats/exports/labelShuffle';
import { decodeAlpha, decodeImage } from '../../src/formats/images/decode';
import type { InputFile } from '../../src/formats/input';
import { graphShapes } from '../../src/formats/models/graph/shapes';
import { readModel } from '../../src/formats/models/readModel';
import { StudioError } from '../../src/protocol/errors';
import { parseExperiment } from '../../src/protocol/experiment';
import { expandSweep } from '../../src/protocol/sweep';
import { identifyFiles } from '../../src/worker/engine/identify';

/** Opens files as the page and the command line do, as far as no device is needed. */
export type Reading = (files: readonly InputFile[]) => Promise<void>;

/** A model: read, recognised, its graph checked and planned. */
export const readAnyModel: Reading = async ([file, ...beside]) => {
  if (file === undefined) return;
  const model = await readModel(file, beside);
  if (model.onnx) compileOnnx(model.onnx, file.path);
  else if (model.graph) {
    const shapes = graphShapes(model.graph, model.state, file.path);
    loadGraph(model, model.graph, file.path, '');
    planGraph(model.graph, model.state, shapes);
  } else {
    const bound = recogniseNetwork(model.state);
    if (bound !== null) traceNetwork(bound);
  }
};

/** Images that are decoded of each part: its first and its last ones. */
const IMAGES = 4;

async function readSome(split: ImageSplit | null): Promise<void> {
  if (split === null) return;
  const indices = Array.from({ length: Math.min(IMAGES, split.count) }, (_, i) =>
    i < IMAGES / 2 ? i : split.count - 1 - (i - IMAGES / 2),
  );
  await split.read(indices.filter((index) => index >= 0 && index < split.count));
}

/** A data set: opened, and some images of each part decoded. */
export const readAnyDataset: Reading = async (files) => {
  const dataset = await openDataset(files);
  await readSome(dataset.train);
  await readSome(dataset.test);
};

/** Images and their opacity. */
export const readImages: Reading = async (files) => {
  for (const { path, blob } of files) {
    const bytes = new Uint8Array(await blob.arrayBuffer());
    await decodeImage(bytes, path);
    await decodeAlpha(bytes, path);
  }
};

/** A label map, JSON or torch.save. */
export const readMap: Reading = async ([file]) => {
  if (file !== undefined) await readLabelMap(file);
};

/** An experiment file, with the runs that a sweep in it asks for. */
export const readExperiment: Reading = async ([file]) => {
  if (file === undefined) return;
  let value: unknown;
  try {
    value = JSON.parse(await file.blob.text());
  } catch (cause) {
    // What the page, the command line and a restored bundle say of text that is no JSON.
    throw new StudioError('experiment/invalid', `${file.path} is not JSON.`, { cause });
  }
  const { sweep } = parseExperiment(value, file.path);
  if (sweep !== null) expandSweep(value, file.path);
};

/** An exported defence with its parts. */
export const readWholeBundle: Reading = async (files) => {
  for (const file of files) await isBundle(file);
  const { transform, labelMap, labelShuffle, experiment } = await findBundle(files);
  if (transform) await readAnyModel([transform]);
  if (labelMap) await readLabelMap(labelMap);
  if (labelShuffle) await readLabelMap(labelShuffle);
  if (experiment) await readExperiment([experiment]);
};

/** What the drop zone says of files. */
export const readIdentity: Reading = async (files) => {
  await identifyFiles(files);
};
