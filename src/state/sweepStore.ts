import { create } from 'zustand';
import type { RunProgress, StoredSweep, SweepCellSummary, SweepProgress } from '../protocol/messages';
import type { SweepRow } from '../protocol/sweepTable';

/** The sweep under way, or the last one. */
interface SweepState {
  /** The experiment file it was started with; null where there is no sweep. */
  readonly file: unknown;
  readonly cells: readonly SweepCellSummary[];
  /** Runs that are over, by cell id. */
  readonly rows: Readonly<Record<string, SweepRow>>;
  /** Null before the first one of this visit. */
  readonly progress: SweepProgress | null;
  /** The run under way, as it says itself. */
  readonly run: RunProgress | null;
  /** A request that has not been answered yet. */
  readonly pending: 'start' | 'stop' | null;
}

export const useSweepStore = create<SweepState>(() => ({
  file: null,
  cells: [],
  rows: {},
  progress: null,
  run: null,
  pending: null,
}));

/** A sweep has begun, or was read back: its cells, and the runs of them that were done before. */
export function sweepStarted({ file, cells, rows }: StoredSweep): void {
  useSweepStore.setState({ file, cells, rows: Object.fromEntries(rows.map((row) => [row.id, row])) });
}

export function sweepProgressed(progress: SweepProgress): void {
  useSweepStore.setState({
    progress,
    ...(progress.status === 'running' ? {} : { run: null, pending: null }),
  });
}

export function sweepRowDone(row: SweepRow): void {
  useSweepStore.setState(({ rows }) => ({ rows: { ...rows, [row.id]: row } }));
}

/** The runs that are over, in the order of the sweep. */
export function sweepRows({ cells, rows }: Pick<SweepState, 'cells' | 'rows'>): readonly SweepRow[] {
  return cells.flatMap(({ id }) => rows[id] ?? []);
}
