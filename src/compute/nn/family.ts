import type { StateDict } from '../../formats/models/stateDict';
import { firstMismatch } from './matchState';
import type { BoundNetwork, NetworkFamily } from './network';
import { traceNetwork } from './trace';

/** A family that can also say which of its members a state_dict comes closest to. */
export interface ProposingFamily extends NetworkFamily {
  /** "a CIFAR ResNet", for sentences. */
  readonly noun: string;
  /**
   * The member whose configuration the state_dict's telling keys give, whether or not the rest fits; null where those
   * keys are not there.
   */
  propose(state: StateDict): BoundNetwork | null;
}

/** A family from how it proposes: it recognises what its proposal fits exactly. */
export function defineFamily(family: {
  readonly id: string;
  readonly noun: string;
  readonly role: 'classifier' | 'transform';
  readonly propose: (state: StateDict) => BoundNetwork | null;
}): ProposingFamily {
  return {
    ...family,
    recognise: (state) => {
      const bound = family.propose(state);
      if (bound === null) return null;
      return firstMismatch(traceNetwork(bound).tensors, state) === null ? bound : null;
    },
  };
}
