import { latin1Text } from './latin1';
import type { PickleValue } from './pickleValues';

/** Longest byte string that is worth comparing as a key; longer ones keep their identity. */
const MAX_KEY_BYTES = 4096;

/** A dict key as `PickleDict` holds it: byte strings become latin1 text, everything else stays itself. */
export function dictKey(key: PickleValue): PickleValue {
  return key instanceof Uint8Array && key.length <= MAX_KEY_BYTES ? latin1Text(key) : key;
}
