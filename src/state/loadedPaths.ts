import type { BlackBoxSettings } from '../protocol/blackBox';
import type { Experiment } from '../protocol/experiment';
import { useBlackBoxStore } from './blackBoxStore';
import { useDatasetStore } from './datasetStore';
import { samePlace } from '../protocol/droppedPath';
import { useModelStore } from './modelStore';
import { useTransformStore } from './transformStore';

/** What the experiment calls a file that is loaded: with the folders that its own path has and a dropped file does not. */
function placed(own: string | null, loaded: string): string {
  return own !== null && samePlace(own, loaded) ? own : loaded;
}

/**
 * The experiment with the paths of what is loaded in place of its own. One that trains its own classifier, or is about a black box, goes on
 * doing so, unless `model` says that it is the loaded one that counts.
 */
export function withLoaded(
  experiment: Experiment,
  model: 'as it says' | 'the loaded one' = 'as it says',
): Experiment {
  const file = useModelStore.getState().summary?.fileName;
  const data = useDatasetStore.getState().summary;
  const transform = useTransformStore.getState().summary?.path;
  const { transformPath } = experiment.dataset;
  const same = transformPath !== null && transform !== undefined && samePlace(transform, transformPath);
  const { train, blackBox } = experiment.model;
  const stays = (train !== null || blackBox !== null) && (model === 'as it says' || file === undefined);
  return {
    ...experiment,
    model: stays
      ? { ...experiment.model, blackBox: blackBox && withFile(blackBox) }
      : {
          ...experiment.model,
          path: file === undefined ? experiment.model.path : placed(experiment.model.path, file),
          train: null,
          blackBox: null,
        },
    dataset: {
      ...experiment.dataset,
      // Loose files lie nowhere that an experiment could name.
      path: data ? placed(experiment.dataset.path, data.path ?? data.name) : experiment.dataset.path,
      transformPath: same ? transform : transformPath,
    },
  };
}

/** A black box that is a file is the one that the engine holds. */
function withFile(blackBox: BlackBoxSettings): BlackBoxSettings {
  const { file } = useBlackBoxStore.getState();
  return blackBox.path === null || file === null ? blackBox : { ...blackBox, path: file };
}
