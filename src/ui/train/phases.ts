import type { RunPhase } from '../../state/runStore';

/** What a phase is called at the head of the run. */
export function phaseTitle(phase: RunPhase): string {
  switch (phase) {
    case 'idle':
      return 'Ready to train';
    case 'preparing':
      return 'Preparing';
    case 'evaluating-before':
      return 'Measuring the model as it is';
    case 'training':
      return 'Training the transform';
    case 'paused':
      return 'Paused';
    case 'evaluating':
      return 'Measuring the defence';
    case 'done':
      return 'Done';
    case 'stopped':
      return 'Stopped';
    case 'failed':
      return 'Failed';
    case 'restored':
      return 'Restored defence';
  }
}
