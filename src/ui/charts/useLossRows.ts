import { useMemo, useSyncExternalStore } from 'react';
import { type LossRow, lossRows } from '../../state/lossRows';
import { runSeries } from '../../state/series';

/** The most points a curve is drawn with. */
const MOST_POINTS = 600;

/** The run's curves as the chart draws them; new ones at most four times a second. */
export function useLossRows(smoothing: number, supconWeight: number): readonly LossRow[] {
  const version = useSyncExternalStore(runSeries.subscribe, runSeries.version);
  return useMemo(() => {
    // The version is what tells that the series outside React has changed.
    void version;
    return lossRows(runSeries, { smoothing, supconWeight, limit: MOST_POINTS });
  }, [version, smoothing, supconWeight]);
}
