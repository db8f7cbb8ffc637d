import { create } from 'zustand';
import type { RunSummary, StoredRun } from '../protocol/messages';
import { IDLE, type Loading } from './loading';

interface RunsState {
  readonly runs: readonly RunSummary[];
  readonly loading: Loading;
  /** At most two ids, in the order they were chosen. */
  readonly chosen: readonly string[];
  /** The chosen runs, whole, once read. */
  readonly details: Readonly<Record<string, StoredRun>>;
}

/** The runs stored in this browser. */
export const useRunsStore = create<RunsState>()(() => ({ runs: [], loading: IDLE, chosen: [], details: {} }));

/** Adds to the two runs that are compared, or takes away; a third takes the place of the older one. */
export function toggleChosen(chosen: readonly string[], id: string): readonly string[] {
  return chosen.includes(id) ? chosen.filter((other) => other !== id) : [...chosen, id].slice(-2);
}
