import { isLive, useRunStore } from './runStore';
import { useSurrogateStore } from './surrogateStore';
import { useSweepStore } from './sweepStore';
import { useVictimStore } from './victimStore';

/** What keeps the engine from being asked for anything else: one thing at a time. */
export type Busy = 'run' | 'victim' | 'surrogate' | 'sweep';

/** What is under way, or null. */
export function busyWith(): Busy | null {
  if (useSweepStore.getState().progress?.status === 'running') return 'sweep';
  if (isLive(useVictimStore.getState().phase)) return 'victim';
  if (isLive(useSurrogateStore.getState().phase)) return 'surrogate';
  return isLive(useRunStore.getState().phase) ? 'run' : null;
}

/** As `busyWith`, for components. */
export function useBusy(): Busy | null {
  const sweep = useSweepStore((state) => state.progress?.status === 'running');
  const victim = useVictimStore((state) => isLive(state.phase));
  const surrogate = useSurrogateStore((state) => isLive(state.phase));
  const run = useRunStore((state) => isLive(state.phase));
  return sweep ? 'sweep' : victim ? 'victim' : surrogate ? 'surrogate' : run ? 'run' : null;
}

/** What is under way as the subject of a sentence. */
export function busyWords(busy: Busy): string {
  switch (busy) {
    case 'run':
      return 'the run';
    case 'victim':
      return 'the classifier’s training';
    case 'surrogate':
      return 'the distillation';
    case 'sweep':
      return 'the matrix';
  }
}
