import type { FieldGroup } from '../fields/fieldSpec';

// The settings of the defence and of the whole experiment, by group.

export const TRANSFORM_FIELDS: FieldGroup = {
  title: 'Transform',
  fields: [
    {
      path: 'defense.firstChannels',
      label: 'First channels',
      help: 'Width of the UNet’s first level; 64 is the paper’s. Work grows with its square.',
      kind: 'number',
    },
    {
      path: 'defense.initialWeights',
      label: 'Starts from',
      help: 'A transform trained before; none: fresh weights from the seed.',
      kind: 'weights',
      use: 'transform',
    },
    {
      path: 'defense.transformInput',
      label: 'It sees',
      kind: 'choice',
      options: [
        { value: 'normalized', label: 'normalised (official)' },
        { value: 'pixels', label: 'pixels (paper)' },
      ],
    },
    {
      path: 'defense.victimInput',
      label: 'The model gets its output',
      kind: 'choice',
      options: [
        { value: 'raw', label: 'raw (official)' },
        { value: 'normalized', label: 'normalised (paper)' },
      ],
    },
  ],
};

export const LOSS_FIELDS: FieldGroup = {
  title: 'Loss',
  fields: [
    {
      path: 'defense.classificationLoss',
      label: 'Classification',
      kind: 'choice',
      options: [
        { value: 'bce', label: 'BCE (official)' },
        { value: 'ce', label: 'CE (paper)' },
      ],
    },
    {
      path: 'defense.supconWeight',
      label: 'SupCon weight',
      help: 'λ of the paper; 0 leaves it out.',
      kind: 'number',
    },
    { path: 'defense.temperature', label: 'Temperature', kind: 'number' },
    {
      path: 'defense.supconViews',
      label: 'Views',
      kind: 'choice',
      options: [
        { value: 2, label: '2, augmented twice' },
        { value: 1, label: '1' },
      ],
    },
    { path: 'defense.supconNormalize', label: 'Features of unit length', kind: 'switch' },
    {
      path: 'defense.supconReduction',
      label: 'Over positives',
      kind: 'choice',
      options: [
        { value: 'mean', label: 'mean' },
        { value: 'sum', label: 'sum (Eq. 8)' },
      ],
    },
  ],
};

export const DATA_FIELDS: FieldGroup = {
  title: 'Data',
  fields: [
    { path: 'dataset.train', label: 'Training images', kind: 'number', emptyMeans: 'all' },
    { path: 'dataset.test', label: 'Test images', kind: 'number', emptyMeans: 'all' },
    { path: 'defense.batchSize', label: 'Batch', unit: 'images', kind: 'number' },
    {
      path: 'defense.augmentation',
      label: 'Augmentation',
      kind: 'choice',
      options: [
        { value: 'official', label: 'official' },
        { value: 'flip', label: 'flip only' },
        { value: 'none', label: 'none' },
      ],
    },
    { path: 'seed', label: 'Seed', help: 'Of everything that is drawn, but the label map.', kind: 'number' },
  ],
};

export const LENGTH_FIELDS: FieldGroup = {
  title: 'Length',
  fields: [
    { path: 'defense.epochs', label: 'Epochs', kind: 'number' },
    {
      path: 'defense.maxSteps',
      label: 'At most',
      unit: 'steps',
      help: 'Schedules then span these steps.',
      kind: 'number',
      emptyMeans: 'all epochs',
    },
  ],
};

export const EVALUATION_FIELDS: FieldGroup = {
  title: 'Measuring',
  fields: [
    {
      path: 'evaluate.everyEpochs',
      label: 'Every',
      unit: 'epochs',
      help: '0: before and after only.',
      kind: 'number',
    },
    {
      path: 'evaluate.testLimit',
      label: 'Test images used',
      help: '0: no measuring.',
      kind: 'number',
      emptyMeans: 'all',
    },
    { path: 'evaluate.logEverySteps', label: 'Log every', unit: 'steps', kind: 'number' },
  ],
};
