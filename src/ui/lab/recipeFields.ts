import type { FieldSpec } from '../fields/fieldSpec';

/** Fields of the victim's recipe; paths are those within `model.train`. */

export const WIDTH: FieldSpec = {
  path: 'width',
  label: 'Width',
  help: 'Channels of the first level.',
  kind: 'number',
  emptyMeans: 'its own',
};

export const START: FieldSpec = {
  path: 'initialWeights',
  label: 'Starts from',
  help: 'A classifier of the same architecture; none: fresh weights from the seed.',
  kind: 'weights',
  use: 'classifier',
};

export const LENGTH: readonly FieldSpec[] = [
  { path: 'batchSize', label: 'Batch', unit: 'images', kind: 'number' },
  { path: 'epochs', label: 'Epochs', kind: 'number' },
  { path: 'maxSteps', label: 'At most', unit: 'steps', kind: 'number', emptyMeans: 'all' },
  {
    path: 'augmentation',
    label: 'Augmentation',
    help: 'After the trigger.',
    kind: 'choice',
    options: [
      { value: 'flip', label: 'flip (paper)' },
      { value: 'official', label: 'crop, flip, grey' },
      { value: 'none', label: 'none' },
    ],
  },
];

export const ADAPTIVE: readonly FieldSpec[] = [
  { path: 'adaptive.gamma', label: 'γ', help: 'Weight of the REFINE loss; 0 leaves it out.', kind: 'number' },
  { path: 'adaptive.firstChannels', label: 'Its UNet’s first channels', kind: 'number' },
  { path: 'adaptive.transformLearningRate', label: 'Its UNet’s rate', kind: 'number' },
];

/** Fields of the draft that a victim's training follows too. */
export const OF_THE_EXPERIMENT: readonly FieldSpec[] = [
  { path: 'dataset.train', label: 'Training images', kind: 'number', emptyMeans: 'all' },
  {
    path: 'evaluate.testLimit',
    label: 'Test images used',
    help: '0: no measuring.',
    kind: 'number',
    emptyMeans: 'all',
  },
  {
    path: 'evaluate.everyEpochs',
    label: 'Measure every',
    unit: 'epochs',
    help: '0: at the end only.',
    kind: 'number',
  },
  { path: 'seed', label: 'Seed', kind: 'number' },
];
