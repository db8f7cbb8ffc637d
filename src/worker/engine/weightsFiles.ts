import { firstMismatch } from '../../compute/nn/matchState';
import type { BoundNetwork } from '../../compute/nn/network';
import { recogniseNetwork } from '../../compute/nn/registry';
import { traceNetwork } from '../../compute/nn/trace';
import type { InputFile } from '../../formats/input';
import { readModel } from '../../formats/models/readModel';
import type { StateDict } from '../../formats/models/stateDict';
import { StudioError } from '../../protocol/errors';
import type { WeightsFile } from '../../protocol/summaries';

/** Reads a file of weights and says what it holds. @throws StudioError as `readModel`. */
export async function describeWeights(file: InputFile): Promise<WeightsFile> {
  const { state } = await readModel(file);
  const bound = recogniseNetwork(state);
  return { path: file.path, label: bound?.label ?? null, firstChannels: transformWidth(state, bound) };
}

/**
 * Checks that weights can start the transform.
 * @throws StudioError `model/unknown-architecture` for those of another network, `model/shape-mismatch` for a UNet of another width.
 */
export function requireTransform(state: StateDict, path: string, firstChannels: number): void {
  const subject = 'defense.initialWeights';
  const bound = recogniseNetwork(state);
  const width = transformWidth(state, bound);
  if (width === null) {
    const what = bound ? `the weights of ${bound.label}` : 'weights of no network that the studio knows';
    throw new StudioError(
      'model/unknown-architecture',
      `The transform cannot start from ${path}: it holds ${what}, not a transform’s.`,
      { subject },
    );
  }
  if (width === firstChannels) return;
  throw new StudioError(
    'model/shape-mismatch',
    `The transform cannot start from ${path}: its first channels are ${width}, and this transform’s ${firstChannels}.`,
    { subject },
  );
}

/** Checks that weights can start a classifier. @throws StudioError `model/shape-mismatch` with the first tensor that does not fit. */
export function requireClassifier(state: StateDict, path: string, bound: BoundNetwork): void {
  const mismatch = firstMismatch(traceNetwork(bound).tensors, state);
  if (mismatch === null) return;
  throw new StudioError(
    'model/shape-mismatch',
    `The classifier (${bound.label}) cannot start from ${path}: ${mismatch.reason}.`,
    { subject: 'model.train.initialWeights' },
  );
}

function transformWidth(state: StateDict, bound: BoundNetwork | null): number | null {
  return bound?.id === 'unet' ? (state.get('outc.conv.weight')?.shape[1] ?? null) : null;
}
