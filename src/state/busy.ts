import { isLive, useRunStore } from './runStore';
import { useSweepStore } from './sweepStore';
import { useVictimStore } from './victimStore';

/** What keeps the engine from being asked for anything else: one thing at a time. */
export type Busy = 'run' | 'victim' | 'sweep';

/** What is under way, or null. */
export function busyWith(): Busy | null {
  if (useSweepStore.getState().progress?.status === 'running') return 'sweep';
  if (isLive(useVictimStore.getState().phase)) return 'victim';
  return isLive(useRunStore.getState().phase) ? 'run' : null;
}

/** As `busyWith`, for components. */
export function useBusy(): Busy | null {
  const sweep = useSweepStore((state) => state.progress?.status === 'running');
  const victim = useVictimStore((state) => isLive(state.phase));
  const run = useRunStore((state) => isLive(state.phase));
  return sweep ? 'sweep' : victim ? 'victim' : run ? 'run' : null;
}

/** What is under way as the subject of a sentence. */
export function busyWords(busy: Busy): string {
  switch (busy) {
    case 'run':
      return 'the run';
    case 'victim':
      return 'the classifier’s training';
    case 'sweep':
      return 'the matrix';
  }
}
