import type { AttackDescriptor } from '../protocol/summaries';
import { setExperiment, useDraftStore } from './draftStore';
import { attackAs } from './labAttack';
import { useLabStore } from './labStore';

/** Makes an attack the experiment's; what the one before was set to is kept. Fields of it that were not valid are forgotten. */
export function chooseAttack(descriptor: AttackDescriptor): void {
  const { experiment, invalid } = useDraftStore.getState();
  const { attack } = experiment;
  if (attack?.kind === descriptor.kind) return;
  const { kept } = useLabStore.getState();
  setExperiment({ ...experiment, attack: attackAs(descriptor, attack, kept) });
  useDraftStore.setState({
    invalid: Object.fromEntries(Object.entries(invalid).filter(([path]) => !path.startsWith('attack.'))),
  });
  if (attack) useLabStore.setState({ kept: { ...kept, [attack.kind]: attack.options } });
}
