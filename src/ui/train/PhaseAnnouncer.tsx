import { isLive, useRunStore } from '../../state/runStore';
import { phaseTitle } from './phases';

/** Says each phase to screen readers, once; never the single steps. */
export function PhaseAnnouncer() {
  const phase = useRunStore((state) => state.phase);
  const spoken = phase === 'idle' ? '' : `${phaseTitle(phase)}${isLive(phase) ? '' : ', training is over'}.`;
  return (
    <div className="sr-only" role="status" aria-live="polite">
      {spoken}
    </div>
  );
}
