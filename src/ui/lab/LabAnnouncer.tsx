import { useSurrogateStore } from '../../state/surrogateStore';
import { useSweepStore } from '../../state/sweepStore';
import { useVictimStore } from '../../state/victimStore';
import { surrogateTitle } from '../blackbox/surrogateWords';
import { victimTitle } from './victimWords';

/** Says what becomes of the lab's classifier, of a surrogate and of the matrix to screen readers, wherever in the studio they are. */
export function LabAnnouncer() {
  const phase = useVictimStore((state) => state.phase);
  const surrogate = useSurrogateStore((state) => state.phase);
  const run = useSweepStore(({ progress }) =>
    progress === null
      ? ''
      : progress.status === 'running'
        ? `Matrix, run ${progress.index + 1} of ${progress.count}.`
        : `The matrix is ${progress.status}.`,
  );
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {phase === 'idle' ? '' : `${victimTitle(phase)}. `}
      {surrogate === 'idle' ? '' : `${surrogateTitle(surrogate)}. `}
      {run}
    </div>
  );
}
