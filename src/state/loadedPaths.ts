import type { Experiment } from '../protocol/experiment';
import { useDatasetStore } from './datasetStore';
import { samePlace } from './droppedPath';
import { useModelStore } from './modelStore';
import { useTransformStore } from './transformStore';

/**
 * The experiment with the paths of what is loaded in place of its own. One that trains its own classifier goes on doing so, unless
 * `model` says that it is the loaded one that counts.
 */
export function withLoaded(
  experiment: Experiment,
  model: 'as it says' | 'the loaded one' = 'as it says',
): Experiment {
  const file = useModelStore.getState().summary?.fileName;
  const data = useDatasetStore.getState().summary?.name;
  const transform = useTransformStore.getState().summary?.path;
  const { transformPath } = experiment.dataset;
  const same = transformPath !== null && transform !== undefined && samePlace(transform, transformPath);
  const trains = experiment.model.train !== null && (model === 'as it says' || file === undefined);
  return {
    ...experiment,
    model: trains
      ? experiment.model
      : { ...experiment.model, path: file ?? experiment.model.path, train: null },
    dataset: {
      ...experiment.dataset,
      path: data ?? experiment.dataset.path,
      transformPath: same ? transform : transformPath,
    },
  };
}
