import type { TrainingState } from '../../state/training';

/** What a phase of a distillation is called. */
export function surrogateTitle(phase: TrainingState['phase']): string {
  switch (phase) {
    case 'idle':
      return 'Ready to distil';
    case 'preparing':
      return 'Preparing';
    case 'evaluating-before':
      return 'Measuring the black box';
    case 'training':
      return 'Distilling the surrogate';
    case 'paused':
      return 'Paused';
    case 'evaluating':
      return 'Measuring the surrogate';
    case 'done':
      return 'The surrogate is distilled';
    case 'stopped':
      return 'Stopped';
    case 'failed':
      return 'Failed';
  }
}
