import { create } from 'zustand';
import type { SampleGrid, TsneResult } from '../protocol/messages';
import { IDLE, type Loading } from './loading';
import { gridKey, gridShelf, tsneShelf } from './shelves';

/** The embedding without its points. */
type TsneSummary = Omit<TsneResult, 'before' | 'after' | 'labels' | 'triggered'>;

interface AnalysisState {
  /** Steps of the grids on the shelf, ascending. */
  readonly gridSteps: readonly number[];
  /** The step shown; null follows the newest. */
  readonly gridStep: number | null;
  readonly grid: Loading;
  readonly tsne: TsneSummary | null;
  readonly tsneLoading: Loading;
}

/** What has been looked at of the run on the page. */
export const useAnalysisStore = create<AnalysisState>()(() => ({
  gridSteps: [],
  gridStep: null,
  grid: IDLE,
  tsne: null,
  tsneLoading: IDLE,
}));

const MOST_GRIDS = 32;

/** Keeps a grid. When there are too many, every second of those between the first and the last goes. */
export function addGrid(grid: SampleGrid): void {
  gridShelf.put(gridKey(grid.step), grid);
  useAnalysisStore.setState(({ gridSteps, gridStep }) => {
    const all = [...gridSteps.filter((step) => step !== grid.step), grid.step].sort((a, b) => a - b);
    const kept =
      all.length <= MOST_GRIDS
        ? all
        : all.filter((step, index) => index % 2 === 0 || index === all.length - 1 || step === gridStep);
    for (const step of all) if (!kept.includes(step)) gridShelf.delete(gridKey(step));
    return { gridSteps: kept };
  });
}

export function setTsne(result: TsneResult): void {
  tsneShelf.put('tsne', result);
  const { step, points, klDivergence, seconds } = result;
  useAnalysisStore.setState({ tsne: { step, points, klDivergence, seconds }, tsneLoading: IDLE });
}

export function clearAnalysis(): void {
  gridShelf.clear();
  tsneShelf.clear();
  useAnalysisStore.setState(useAnalysisStore.getInitialState());
}
