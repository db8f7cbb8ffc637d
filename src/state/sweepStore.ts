import { create } from 'zustand';
import type { StoredSweep, SweepCellSummary, SweepProgress } from '../protocol/messages';
import type { SweepRow } from '../protocol/sweepTable';

/** The sweep under way, or the last one. */
export interface SweepState {
  readonly cells: readonly SweepCellSummary[];
  /** Runs that are over, by cell id. */
  readonly rows: Readonly<Record<string, SweepRow>>;
  /** Null before the first one of this visit. */
  readonly progress: SweepProgress | null;
}

export const useSweepStore = create<SweepState>(() => ({ cells: [], rows: {}, progress: null }));

/** A sweep has begun: its cells, and the runs of them that were done before. */
export function sweepStarted({ cells, rows }: Pick<StoredSweep, 'cells' | 'rows'>): void {
  useSweepStore.setState({ cells, rows: Object.fromEntries(rows.map((row) => [row.id, row])) });
}

export function sweepProgressed(progress: SweepProgress): void {
  useSweepStore.setState({ progress });
}

export function sweepRowDone(row: SweepRow): void {
  useSweepStore.setState(({ rows }) => ({ rows: { ...rows, [row.id]: row } }));
}
