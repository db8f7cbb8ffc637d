import { useEffect } from 'react';
import { useDatasetStore } from '../../state/datasetStore';
import { useDraftStore } from '../../state/draftStore';
import { planKey } from '../../state/labAttack';
import { useLabStore } from '../../state/labStore';
import { useCommands } from '../common/CommandsContext';

const QUIET_MS = 250;

/** Has the plan of what is poisoned made again a moment after what it depends on has changed. */
export function useFreshPlan(): void {
  const { planPoisoning } = useCommands();
  const key = useDraftStore((state) => (state.experiment.attack ? planKey(state.experiment) : null));
  const shown = useLabStore((state) => state.planKey);
  const labelled = useDatasetStore((state) => state.summary?.labelled === true);
  useEffect(() => {
    if (!labelled || key === null || key === shown) return;
    const timer = setTimeout(() => void planPoisoning(), QUIET_MS);
    return () => clearTimeout(timer);
  }, [key, shown, labelled, planPoisoning]);
}
