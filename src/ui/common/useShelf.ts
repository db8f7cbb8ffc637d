import { useSyncExternalStore } from 'react';
import type { Shelf } from '../../state/shelf';

/** The value under a key of a shelf; the component is drawn again when it is replaced. */
export function useShelf<T>(shelf: Shelf<T>, key: string): T | null {
  return useSyncExternalStore(shelf.subscribe, () => shelf.get(key));
}
