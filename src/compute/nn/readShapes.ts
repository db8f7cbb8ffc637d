import type { StateDict } from '../../formats/models/stateDict';

/** One dimension of a tensor's shape; 0 where the tensor or the dimension is not there. */
export function dimension(state: StateDict, name: string, axis: number): number {
  return state.get(name)?.shape[axis] ?? 0;
}

/** How many of the keys `key(first)`, `key(first + 1)`, ... are there before the first that is not. */
export function countKeys(state: StateDict, key: (index: number) => string, first = 0): number {
  let index = first;
  while (state.has(key(index))) index++;
  return index - first;
}

/** The whole number whose square `value` is, or 0. */
export function wholeRoot(value: number): number {
  const root = Math.round(Math.sqrt(value));
  return root > 0 && root * root === value ? root : 0;
}
