import type { StateDict } from '../../formats/models/stateDict';
import type { PreparedAttack } from './attack';

/** What an attack has drawn and keeps, as named float32 tensors for a file; empty for most attacks. */
export function assetTensors({ assets }: Pick<PreparedAttack, 'assets'>): StateDict {
  return new Map(
    Object.entries(assets).map(
      ([name, { shape, data }]) => [name, { dtype: 'float32', shape, data }] as const,
    ),
  );
}
