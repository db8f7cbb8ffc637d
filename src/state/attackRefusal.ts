import type { WireError } from '../protocol/errors';
import { useDeviceStore } from './deviceStore';
import { useDraftStore } from './draftStore';
import { planKey, previewKey } from './labAttack';
import { useLabStore } from './labStore';
import { useTriggerStore } from './triggerStore';

/**
 * Why the experiment's attack as it is set now cannot be made of the loaded images, as the engine said when it was asked for pictures or
 * for what would be poisoned; null where it can, or where that is not known yet.
 * @param what `trigger`: what a defence is measured with. `poisoning`: also what a victim is trained on.
 */
export function useAttackRefusal(what: 'trigger' | 'poisoning'): WireError | null {
  const experiment = useDraftStore((state) => state.experiment);
  const { attack } = experiment;
  const descriptor = useDeviceStore((state) => state.attacks.find(({ kind }) => kind === attack?.kind));
  const drawn = useLabStore((state) => (attack ? state.previews[attack.kind] : undefined));
  const tried = useTriggerStore((state) => state.tried);
  const preview = useTriggerStore((state) => state.preview);
  const plannedKey = useLabStore((state) => state.planKey);
  const planned = useLabStore((state) => state.planLoading);
  if (!attack) return null;
  const isDrawn = descriptor !== undefined && drawn?.key === previewKey(descriptor, attack, experiment);
  if (isDrawn && drawn.refused !== null) return drawn.refused;
  if (preview.kind === 'failed' && tried === JSON.stringify(attack)) return preview.error;
  const poisons = what === 'poisoning' && plannedKey === planKey(experiment);
  return poisons && planned.kind === 'failed' ? planned.error : null;
}
