import { addGrid, setTsne, useAnalysisStore } from '../../state/analysisStore';
import type { TsneRequest } from '../../state/commands';
import { useDraftStore } from '../../state/draftStore';
import { ask, type StudioContext, track } from './studio';

/** Columns of a sample grid that the page asks for itself. */
const GRID_IMAGES = 10;

export async function refreshGrid(context: StudioContext): Promise<void> {
  const grid = await track(
    context,
    'analysis/grid',
    { count: GRID_IMAGES },
    {
      set: (loading) => useAnalysisStore.setState({ grid: loading }),
    },
  );
  if (grid) addGrid(grid);
}

export async function runTsne(context: StudioContext, request: TsneRequest): Promise<void> {
  const { seed } = useDraftStore.getState().experiment;
  const result = await track(
    context,
    'analysis/tsne',
    { ...request, seed },
    {
      set: (tsneLoading) => useAnalysisStore.setState({ tsneLoading }),
    },
  );
  if (result) setTsne(result);
}

export async function cancelTsne(context: StudioContext): Promise<void> {
  await ask(context, 'analysis/cancel', {});
}
