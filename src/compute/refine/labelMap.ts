import { StudioError } from '../../protocol/errors';
import type { LabelMapSettings } from '../../protocol/experiment';
import { NumpyRandomState } from './mt19937';

/**
 * The label map of a run: entry j is the label that victim class j stands for (the paper's f_L, Eq. 4).
 *
 * `derangement` is the official rule: from the identity, `RandomState(seed).shuffle` at least once and again until no
 * class keeps its own label (METHODS 1.3). `shift` sends j to j + 1. `seed` is used where the settings carry none.
 *
 * @throws StudioError `map/wrong-size` for an explicit map of another length, and for a derangement of fewer than two
 * classes; `map/not-a-permutation` naming the label that is missing or repeated.
 */
export function drawLabelMap(settings: LabelMapSettings, classes: number, seed: number): number[] {
  switch (settings.kind) {
    case 'identity':
      return identity(classes);
    case 'shift':
      return identity(classes).map((j) => (j + 1) % classes);
    case 'derangement':
      return drawDerangement(classes, settings.seed ?? seed);
    case 'explicit':
      checkLabelMap(settings.permutation, classes);
      return [...settings.permutation];
  }
}

/**
 * Checks that `map` is a permutation of 0..classes-1.
 * @throws StudioError `map/wrong-size` or `map/not-a-permutation`.
 */
export function checkLabelMap(map: readonly number[], classes: number): void {
  if (map.length !== classes) {
    throw new StudioError(
      'map/wrong-size',
      `This is a ${map.length}-class map for a ${classes}-class model.`,
      {
        subject: 'defense.mapping',
      },
    );
  }
  const seen = new Array<boolean>(classes).fill(false);
  for (const [j, label] of map.entries()) {
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw notPermutation(`class ${j} is mapped to ${label}, but labels run from 0 to ${classes - 1}`);
    }
    if (seen[label] === true) throw notPermutation(`label ${label} is used more than once`);
    seen[label] = true;
  }
}

/** The inverse: entry y is the victim class that stands for label y. `map` must be a permutation. */
export function inverseMap(map: readonly number[]): number[] {
  const inverse = new Array<number>(map.length).fill(0);
  for (const [j, label] of map.entries()) inverse[label] = j;
  return inverse;
}

function identity(classes: number): number[] {
  return Array.from({ length: classes }, (_, j) => j);
}

function drawDerangement(classes: number, seed: number): number[] {
  if (classes < 2) {
    throw new StudioError(
      'map/wrong-size',
      'A label map without fixed points needs a model of at least 2 classes.',
      {
        subject: 'defense.mapping',
      },
    );
  }
  const random = new NumpyRandomState(seed);
  const map = identity(classes);
  do random.shuffle(map);
  while (map.some((label, j) => label === j));
  return map;
}

function notPermutation(reason: string): StudioError {
  return new StudioError('map/not-a-permutation', `The label map is not a permutation: ${reason}.`, {
    subject: 'defense.mapping',
  });
}
