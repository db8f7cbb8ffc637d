import type { OptimizerSettings, ScheduleSettings } from '../../protocol/training';
import type { FieldSpec } from './fieldSpec';

// What every training has, whatever it trains; paths are those within its settings.

const RATE: FieldSpec = { path: 'optimizer.learningRate', label: 'Learning rate', kind: 'number' };
const DECAY: FieldSpec = { path: 'optimizer.weightDecay', label: 'Weight decay', kind: 'number' };

/** The fields of an optimiser. */
export function optimizerFields(kind: OptimizerSettings['kind']): readonly FieldSpec[] {
  if (kind === 'sgd') {
    return [RATE, { path: 'optimizer.momentum', label: 'Momentum', kind: 'number' }, DECAY];
  }
  return [
    RATE,
    { path: 'optimizer.beta1', label: 'β₁', kind: 'number' },
    { path: 'optimizer.beta2', label: 'β₂', kind: 'number' },
    { path: 'optimizer.epsilon', label: 'ε', kind: 'number' },
    DECAY,
  ];
}

/** The fields of a schedule. */
export function scheduleFields(kind: ScheduleSettings['kind']): readonly FieldSpec[] {
  switch (kind) {
    case 'constant':
    case 'cosine':
      return [];
    case 'multistep':
      return [
        {
          path: 'schedule.milestones',
          label: 'Milestones',
          help: 'Epochs, counted from 0.',
          kind: 'numbers',
        },
        { path: 'schedule.gamma', label: 'Times', kind: 'number' },
      ];
    case 'onecycle':
      return [
        { path: 'schedule.maxLearningRate', label: 'Highest rate', kind: 'number' },
        { path: 'schedule.pctStart', label: 'Rising share', kind: 'number' },
        { path: 'schedule.divFactor', label: 'Starts at 1 /', kind: 'number' },
        { path: 'schedule.finalDivFactor', label: 'Then ends at 1 /', kind: 'number' },
      ];
  }
}

/** A kind with the defaults of its other fields, PyTorch's and the schema's. */
export const OPTIMIZER_DEFAULTS: {
  readonly [K in OptimizerSettings['kind']]: Extract<OptimizerSettings, { kind: K }>;
} = {
  sgd: { kind: 'sgd', learningRate: 0.01, momentum: 0.9, weightDecay: 0.0005 },
  adam: { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  adamw: { kind: 'adamw', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
};

export const SCHEDULE_DEFAULTS: {
  readonly [K in ScheduleSettings['kind']]: Extract<ScheduleSettings, { kind: K }>;
} = {
  constant: { kind: 'constant' },
  multistep: { kind: 'multistep', milestones: [100, 130], gamma: 0.8 },
  cosine: { kind: 'cosine' },
  onecycle: { kind: 'onecycle', maxLearningRate: 0.01, pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 },
};
