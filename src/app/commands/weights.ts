import type { WireFile } from '../../protocol/messages';
import type { FileIdentity, WeightsFile } from '../../protocol/summaries';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import { useDeviceStore } from '../../state/deviceStore';
import { useDraftStore } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { namedWeights, useWeightsStore, weightsOpened } from '../../state/weightsStore';
import { ask, type StudioContext } from './studio';

/** Hands a file of weights to the engine; null, and a notice, where it holds none. */
export async function openWeights(context: StudioContext, file: WireFile): Promise<WeightsFile | null> {
  const opened = await ask(context, 'weights/open', { file });
  if (opened !== null) weightsOpened(opened);
  return opened;
}

/** The files that an experiment names and that are not here yet, under the names it gives them. */
export function missingWeights(experiment: Experiment): readonly string[] {
  const { files } = useWeightsStore.getState();
  const loaded = useModelStore.getState().summary?.fileName;
  return (
    namedWeights(experiment, useDeviceStore.getState().attacks)
      .filter(({ path }) => files[path] === undefined)
      // The model itself is asked for as the model; it may be a surrogate or a start too, not a transform's.
      .filter(({ path, use }) => use === 'transform' || (path !== loaded && path !== experiment.model.path))
      .map(({ path }) => path)
  );
}

/**
 * Opens those of the dropped files that are wanted as weights, by the draft or by an experiment among them, and gives the others: what
 * such a file is by itself (a model, an exported transform) does not matter then.
 */
export async function takeWeights(
  context: StudioContext,
  files: readonly WireFile[],
  identities: readonly FileIdentity[],
): Promise<readonly WireFile[]> {
  const roles = new Map(identities.map(({ path, role }) => [path, role]));
  const experiments = await Promise.all(
    files.filter(({ path }) => roles.get(path) === 'experiment').map(readExperiment),
  );
  const wanted = [useDraftStore.getState().experiment, ...experiments].flatMap((experiment) =>
    experiment === null ? [] : missingWeights(experiment),
  );
  const rest: WireFile[] = [];
  for (const file of files) {
    const role = roles.get(file.path);
    const name = wanted.find((path) => baseName(path) === baseName(file.path));
    if (name === undefined || (role !== 'model' && role !== 'transform')) rest.push(file);
    else await openWeights(context, { path: name, blob: file.blob });
  }
  return rest;
}

/** Null for one that is not valid: told where it is opened. */
async function readExperiment({ path, blob }: WireFile): Promise<Experiment | null> {
  try {
    return parseExperiment(JSON.parse(await blob.text()), path);
  } catch {
    return null;
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}
