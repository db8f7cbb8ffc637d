import { describeModel } from '../../compute/modelCard';
import { buildFrozen } from '../../compute/nn/frozen';
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
 * Reads a classifier's file. @throws StudioError as `readModel`; `model/unknown-architecture` or `model/shape-mismatch`
 * for one the studio cannot run, and for a transform in a classifier's place.
 */
export async function loadModel(file: InputFile): Promise<LoadedModel> {
  const model = await readModel(file);
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
