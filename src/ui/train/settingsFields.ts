/** How one field of the experiment is edited. */
export type FieldSpec = {
  readonly path: string;
  readonly label: string;
  readonly help?: string;
} & (
  | { readonly kind: 'number'; readonly unit?: string; readonly emptyMeans?: string }
  | {
      readonly kind: 'choice';
      readonly options: readonly { readonly value: string | number; readonly label: string }[];
    }
  | { readonly kind: 'switch' }
  /** A file of weights. */
  | { readonly kind: 'weights'; readonly use: 'transform' | 'classifier' }
  | { readonly kind: 'numbers' }
);

/** Fields that belong together. */
export interface FieldGroup {
  readonly title: string;
  readonly fields: readonly FieldSpec[];
}

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

const RATE: FieldSpec = { path: 'defense.optimizer.learningRate', label: 'Learning rate', kind: 'number' };
const DECAY: FieldSpec = { path: 'defense.optimizer.weightDecay', label: 'Weight decay', kind: 'number' };

/** The fields of an optimiser. */
export function optimizerFields(kind: 'sgd' | 'adam' | 'adamw'): readonly FieldSpec[] {
  if (kind === 'sgd') {
    return [RATE, { path: 'defense.optimizer.momentum', label: 'Momentum', kind: 'number' }, DECAY];
  }
  return [
    RATE,
    { path: 'defense.optimizer.beta1', label: 'β₁', kind: 'number' },
    { path: 'defense.optimizer.beta2', label: 'β₂', kind: 'number' },
    { path: 'defense.optimizer.epsilon', label: 'ε', kind: 'number' },
    DECAY,
  ];
}

/** The fields of a schedule. */
export function scheduleFields(kind: 'constant' | 'multistep' | 'cosine' | 'onecycle'): readonly FieldSpec[] {
  switch (kind) {
    case 'constant':
    case 'cosine':
      return [];
    case 'multistep':
      return [
        {
          path: 'defense.schedule.milestones',
          label: 'Milestones',
          help: 'Epochs, counted from 0.',
          kind: 'numbers',
        },
        { path: 'defense.schedule.gamma', label: 'Times', kind: 'number' },
      ];
    case 'onecycle':
      return [
        { path: 'defense.schedule.maxLearningRate', label: 'Highest rate', kind: 'number' },
        { path: 'defense.schedule.pctStart', label: 'Rising share', kind: 'number' },
        { path: 'defense.schedule.divFactor', label: 'Starts at 1 /', kind: 'number' },
        { path: 'defense.schedule.finalDivFactor', label: 'Then ends at 1 /', kind: 'number' },
      ];
  }
}

/** A kind with the defaults of its other fields, PyTorch's and the schema's. */
export const OPTIMIZER_DEFAULTS = {
  sgd: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 0.0005 },
  adam: { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  adamw: { kind: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
} as const;

export const SCHEDULE_DEFAULTS = {
  constant: { kind: 'constant' },
  multistep: { kind: 'multistep', milestones: [100, 130], gamma: 0.8 },
  cosine: { kind: 'cosine' },
  onecycle: { kind: 'onecycle', maxLearningRate: 0.01, pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 },
} as const;
