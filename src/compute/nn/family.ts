import type { StateDict } from '../../formats/models/stateDict';
import { firstMismatch } from './matchState';
import type { BoundNetwork, NetworkFamily } from './network';
import { traceNetwork } from './trace';

/** A family that can also say which of its members a state_dict comes closest to. */
export interface ProposingFamily extends NetworkFamily {
  /** "a ResNet", for sentences; families of one architecture share it. */
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

/**
 * The same network for images of another size (height, width, channels), or null where its weights are made for its own:
 * a position embedding, a linear layer behind unpooled rows and columns, another number of channels.
 */
export function atInputShape(
  bound: BoundNetwork,
  inputShape: readonly [number, number, number],
): BoundNetwork | null {
  const resized = { ...bound, inputShape };
  const shapes = (of: BoundNetwork): string =>
    traceNetwork(of)
      .tensors.map(({ name, shape }) => `${name} ${shape.join()}`)
      .join('\n');
  try {
    return shapes(resized) === shapes(bound) && passesThrough(resized) ? resized : null;
  } catch {
    // A definition that does not trace at this size cannot run at it.
    return null;
  }
}

/** Whether something is left of the image behind every pool. */
function passesThrough(bound: BoundNetwork): boolean {
  return traceNetwork(bound).layers.every(({ outputShape }) => outputShape.every((side) => side >= 1));
}
