import { expect, it } from 'vitest';
import { fixtureFile } from '../../../tests/setup/inputFile';
import { loadDataset, loadDrawnSigns } from './loadDataset';

it('tells what an experiment calls the images: the file, the folder around all files, or the built-in name', async () => {
  const file = await fixtureFile('datasets/two-classes.zip');
  const one = await loadDataset([{ ...file, path: 'sets/two.zip' }], null);
  expect(one.summary).toMatchObject({ name: 'two', path: 'sets/two.zip' });
  const signs = await loadDrawnSigns({ trainCount: 4, testCount: 2 });
  expect(signs.summary.path).toBe('drawn:signs');
  const image = await fixtureFile('datasets/images/baseline444.jpg');
  const images = ['mine/ape/1.jpg', 'mine/bee/1.jpg'].map((path) => ({ ...image, path }));
  expect((await loadDataset(images, null)).summary.path).toBe('mine');
});
