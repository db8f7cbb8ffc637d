import { StudioError } from '../../protocol/errors';
import type { StateDict } from '../../formats/models/stateDict';
import type { TensorSpec } from './trace';

/** The first way in which a state_dict differs from what a network needs. */
export interface Mismatch {
  readonly key: string;
  readonly kind: 'missing' | 'extra' | 'shape';
  /** "`conv1.weight` is [64, 3, 7, 7] where [64, 3, 3, 3] is needed". */
  readonly reason: string;
}

const show = (shape: readonly number[]): string => `[${shape.join(', ')}]`;

/**
 * Compares names and shapes, in the network's order; a missing `num_batches_tracked` is let pass (PyTorch before 0.4.1
 * did not write it, and it has no part in the result). Null where everything fits.
 */
export function firstMismatch(tensors: readonly TensorSpec[], state: StateDict): Mismatch | null {
  for (const { name, shape, role } of tensors) {
    const found = state.get(name);
    if (found === undefined) {
      if (role === 'batches-tracked') continue;
      return { key: name, kind: 'missing', reason: `\`${name}\` ${show(shape)} is missing` };
    }
    // A counter is a scalar; some writers store it as [1].
    const fits = role === 'batches-tracked' ? found.data.length === 1 : found.shape.join() === shape.join();
    if (!fits) {
      const reason = `\`${name}\` is ${show(found.shape)} where ${show(shape)} is needed`;
      return { key: name, kind: 'shape', reason };
    }
  }
  const known = new Set(tensors.map((tensor) => tensor.name));
  for (const [key, tensor] of state) {
    if (!known.has(key))
      return { key, kind: 'extra', reason: `\`${key}\` ${show(tensor.shape)} has no place in it` };
  }
  return null;
}

/** @throws StudioError `model/shape-mismatch` naming the first key that is missing, extra or of another shape. */
export function requireMatch(label: string, tensors: readonly TensorSpec[], state: StateDict): void {
  const mismatch = firstMismatch(tensors, state);
  if (mismatch === null) return;
  throw new StudioError('model/shape-mismatch', `The weights do not fit ${label}: ${mismatch.reason}.`, {
    subject: mismatch.key,
  });
}
