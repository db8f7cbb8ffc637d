import type { TrainingState } from '../../state/training';

type VictimPhase = TrainingState['phase'];

/** What a phase of a classifier's training is called. */
export function victimTitle(phase: VictimPhase): string {
  switch (phase) {
    case 'idle':
      return 'Ready to train a classifier';
    case 'preparing':
    case 'evaluating-before':
      return 'Preparing';
    case 'training':
      return 'Training the classifier';
    case 'paused':
      return 'Paused';
    case 'evaluating':
      return 'Measuring the classifier';
    case 'done':
      return 'The classifier is trained';
    case 'stopped':
      return 'Stopped';
    case 'failed':
      return 'Failed';
  }
}
