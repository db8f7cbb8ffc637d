import { expect, it } from 'vitest';
import { fixtureFile } from '../../../tests/setup/inputFile';
import { parseExperiment } from '../../protocol/experiment';
import { loadDataset, loadTransformImages } from './loadDataset';
import { Session } from './session';

it('trains the transform on other images where the experiment names them, at the size that is evaluated', async () => {
  const session = new Session();
  const evaluated = await loadDataset([await fixtureFile('datasets/arrays/nhwc.npz')], null);
  session.replaceDataset(evaluated);
  const experiment = (transformPath: string | null) =>
    parseExperiment({
      version: 1,
      name: 'x',
      model: { path: 'm.pth' },
      dataset: { path: 'd', transformPath },
      defense: { kind: 'refine' },
    });
  expect(session.trainingImages(experiment(null))).toBe(evaluated.dataset.train);
  expect(() => session.trainingImages(experiment('other.zip'))).toThrow(
    'other.zip for the transform are not loaded',
  );
  const files = [await fixtureFile('datasets/two-classes.zip')];
  session.replaceTransformImages(await loadTransformImages('other.zip', files, evaluated.dataset));
  const split = session.trainingImages(experiment('other.zip'));
  expect(split.count).toBe(6);
  // A flat colour stays what it is at any size; 7 x 5 pixels are evaluated.
  expect(await split.read([4])).toEqual(
    Uint8Array.from({ length: 7 * 5 * 3 }, (_, i) => [10, 100, 200][i % 3]!),
  );
});
