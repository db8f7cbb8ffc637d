import { beforeEach, describe, expect, it } from 'vitest';
import { fakeDataset, fakeExperiment, fakeModel } from '../../tests/fakes/answers';
import { useDatasetStore } from './datasetStore';
import { withLoaded } from './loadedPaths';
import { useModelStore } from './modelStore';

const named = (model: string | null, data: string) => {
  const experiment = fakeExperiment();
  return {
    ...experiment,
    model: { ...experiment.model, path: model },
    dataset: { ...experiment.dataset, path: data },
  };
};
const paths = (experiment: ReturnType<typeof withLoaded>) => [experiment.model.path, experiment.dataset.path];

describe('the paths of what is loaded', () => {
  beforeEach(() => {
    useModelStore.setState(useModelStore.getInitialState(), true);
    useDatasetStore.setState(useDatasetStore.getInitialState(), true);
  });
  const load = (model: string, data: string, path: string | null) => {
    useModelStore.setState({ summary: fakeModel(model).summary });
    useDatasetStore.setState({ summary: fakeDataset(data, path).summary });
  };

  it('are those the command line finds the files by, not the names on the cards', () => {
    load('victim.pth', 'cifar', 'cifar.zip');
    expect(paths(withLoaded(named('old.pth', 'old')))).toEqual(['victim.pth', 'cifar.zip']);
    load('demo/victim.pth', 'Drawn traffic signs', 'drawn:signs');
    expect(paths(withLoaded(named(null, 'x')))).toEqual(['demo/victim.pth', 'drawn:signs']);
  });

  it('keep the folders that the experiment had them in', () => {
    load('victim.pth', 'cifar', 'cifar.zip');
    expect(paths(withLoaded(named('../models/victim.pth', 'data/cifar.zip')))).toEqual([
      '../models/victim.pth',
      'data/cifar.zip',
    ]);
    expect(paths(withLoaded(named('models/another.pth', 'data/cinic.zip')))).toEqual([
      'victim.pth',
      'cifar.zip',
    ]);
  });

  it('are names where loose files have none, and the own ones where nothing is loaded', () => {
    load('victim.pth', 'images', null);
    expect(paths(withLoaded(named('m.pth', 'd')))).toEqual(['victim.pth', 'images']);
    useModelStore.setState({ summary: null });
    useDatasetStore.setState({ summary: null });
    expect(paths(withLoaded(named('m.pth', 'd')))).toEqual(['m.pth', 'd']);
  });
});
