import { describe, expect, it } from 'vitest';
import type { FileIdentity } from '../protocol/summaries';
import { routeFiles } from './routeFiles';

const drop = (...list: readonly (readonly [string, FileIdentity['role']])[]) => {
  const files = list.map(([path]) => ({ path, blob: new Blob(['x']) }));
  const identities = list.map(([path, role]) => ({ path, role, sizeBytes: 1, description: role }));
  const { models, dataset, experiments, bundle, labelMaps, triggerImages, unknown } = routeFiles(
    files,
    identities,
  );
  const names = (found: readonly { readonly path: string }[]) => found.map(({ path }) => path);
  return {
    models: names(models),
    dataset: names(dataset),
    experiments: names(experiments),
    bundle: names(bundle),
    labelMaps: names(labelMaps),
    triggerImages: names(triggerImages),
    unknown: names(unknown),
  };
};

describe('routeFiles', () => {
  it('sends each file where it belongs, in any order', () => {
    expect(
      drop(
        ['train/cat/1.png', 'dataset'],
        ['notes.html', 'unknown'],
        ['m.pth', 'model'],
        ['e.json', 'experiment'],
      ),
    ).toMatchObject({
      models: ['m.pth'],
      dataset: ['train/cat/1.png'],
      experiments: ['e.json'],
      unknown: ['notes.html'],
      bundle: [],
    });
  });

  it('keeps the files of an exported defence together', () => {
    expect(
      drop(
        ['label_map.json', 'label-map'],
        ['experiment.json', 'experiment'],
        ['transform.pth', 'transform'],
      ),
    ).toMatchObject({
      bundle: ['transform.pth', 'label_map.json', 'experiment.json'],
      labelMaps: [],
      experiments: [],
    });
  });

  it('takes a picture alone for a trigger and among data for data', () => {
    expect(drop(['kitty.png', 'trigger-image'])).toMatchObject({ triggerImages: ['kitty.png'], dataset: [] });
    expect(drop(['a/1.png', 'dataset'], ['b.png', 'trigger-image'])).toMatchObject({
      triggerImages: [],
      dataset: ['a/1.png', 'b.png'],
    });
  });

  it('takes a label map without a transform for the map of the next run', () => {
    expect(drop(['label_map.json', 'label-map'])).toMatchObject({
      labelMaps: ['label_map.json'],
      bundle: [],
    });
  });
});
