import { loadGraph } from '../../compute/graph/loadGraph';
import { describeGraph, describeModel } from '../../compute/modelCard';
import { buildFrozen } from '../../compute/nn/frozen';
import { compileOnnx } from '../../compute/onnx/compileOnnx';
import { explainUnknown, recogniseNetwork } from '../../compute/nn/registry';
import type { FrozenClassifier } from '../../compute/nn/types';
import { sha256OfBlob } from '../../formats/hash';
import type { InputFile } from '../../formats/input';
import { readModel } from '../../formats/models/readModel';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import type { ModelSummary } from '../../protocol/summaries';

/** A classifier that was read and recognised; nothing of it is on the device yet. */
export interface LoadedModel {
  readonly summary: ModelSummary;
  readonly classes: number;
  /** Its tensors under the file's names. */
  readonly state: StateDict;
  /** Puts it on the device, which has to be open; the caller disposes it. */
  build(): FrozenClassifier;
}

/**
 * Reads a classifier's file. @param beside files that came with it, for weights stored outside.
 * @throws StudioError as `readModel`, `loadGraph` and `compileOnnx`; `model/unknown-architecture` or `model/shape-mismatch`
 * for one the studio cannot run, and for a transform in a classifier's place.
 */
export async function loadModel(file: InputFile, beside: readonly InputFile[] = []): Promise<LoadedModel> {
  const model = await readModel(file, beside);
  if (model.onnx) {
    const graph = compileOnnx(model.onnx, file.path);
    const summary = describeGraph(model, graph, file.path, await sha256OfBlob(file.blob));
    return { summary, classes: graph.classes, state: model.state, build: () => graph.build() };
  }
  if (model.graph) {
    const loaded = loadGraph(model, model.graph, file.path, await sha256OfBlob(file.blob));
    return { ...loaded, state: model.state };
  }
  const bound = recogniseNetwork(model.state);
  if (!bound) throw explainUnknown(model.state, file.path);
  const summary = describeModel(model, file.path, await sha256OfBlob(file.blob));
  if (bound.classes === null) {
    throw new StudioError('model/unknown-architecture', `${file.path}: ${summary.verdictReason}`, {
      subject: file.path,
    });
  }
  const { state } = model;
  return { summary, classes: bound.classes, state, build: () => buildFrozen(bound, state) };
}
