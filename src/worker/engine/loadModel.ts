import { describeModel } from '../../compute/modelCard';
import type { BoundNetwork } from '../../compute/nn/network';
import { explainUnknown, recogniseNetwork } from '../../compute/nn/registry';
import { sha256OfBlob } from '../../formats/hash';
import type { InputFile } from '../../formats/input';
import { readModel } from '../../formats/models/readModel';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import type { ModelSummary } from '../../protocol/summaries';

/** A classifier that was read and recognised; nothing of it is on the device yet. */
export interface LoadedModel {
  readonly summary: ModelSummary;
  readonly bound: BoundNetwork;
  readonly classes: number;
  readonly state: StateDict;
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
  return { summary, bound, classes: bound.classes, state: model.state };
}
