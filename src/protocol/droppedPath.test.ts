import { describe, expect, it } from 'vitest';
import { droppedPath, isNamed, splitTransform } from './droppedPath';

const files = (...paths: string[]) => paths.map((path) => ({ path, blob: new Blob() }));

describe('droppedPath', () => {
  it('is the one file, or the folder around all of them', () => {
    expect(droppedPath(files('cinic.zip'))).toBe('cinic.zip');
    expect(droppedPath(files('cinic/a/1.png', 'cinic/b/1.png'))).toBe('cinic');
    expect(droppedPath(files('cinic/a/1.png', 'cinic2/1.png'))).toBeNull();
    expect(droppedPath(files('1.png', '2.png'))).toBeNull();
    expect(droppedPath([])).toBeNull();
  });

  it('is what an experiment names, wherever that lies for the command line', () => {
    expect(isNamed(files('cinic.zip'), '../data/cinic.zip')).toBe(true);
    expect(isNamed(files('cinic/a/1.png', 'cinic/b/1.png'), 'sets/cinic/')).toBe(true);
    expect(isNamed(files('cinic/a/1.png', 'cinic/b/1.png'), 'C:\\sets\\cinic')).toBe(true);
    expect(isNamed(files('cifar.zip'), 'cinic.zip')).toBe(false);
    expect(isNamed(files('1.png', '2.png'), 'cinic')).toBe(false);
  });

  it('takes what is named for the transform out of a drop, and leaves the data set', () => {
    const drop = files('cifar.zip', 'cinic/a/1.png', 'cinic/b/1.png', 'other/1.png');
    const paths = (list: readonly { path: string }[]) => list.map(({ path }) => path);
    const split = (transformPath: string | null, path = 'cifar.zip') => {
      const { transform, dataset } = splitTransform(drop, { path, transformPath });
      return [paths(transform), paths(dataset)];
    };
    expect(split('../cinic')).toEqual([
      ['cinic/a/1.png', 'cinic/b/1.png'],
      ['cifar.zip', 'other/1.png'],
    ]);
    expect(split(null)).toEqual([[], paths(drop)]);
    // Named for both, they are the data set, from which the transform's come as well.
    expect(split('cifar.zip', 'sets/cifar.zip')).toEqual([[], paths(drop)]);
  });
});
