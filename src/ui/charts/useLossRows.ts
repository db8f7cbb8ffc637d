import { useMemo, useSyncExternalStore } from 'react';
import { type LossRow, lossRows } from '../../state/lossRows';
import type { MetricSeries } from '../../state/series';

/** The most points a curve is drawn with. */
const MOST_POINTS = 600;

/** A run's curves as the chart draws them; new ones at most four times a second. */
export function useLossRows(
  series: MetricSeries,
  smoothing: number,
  supconWeight: number,
): readonly LossRow[] {
  const version = useSyncExternalStore(series.subscribe, series.version);
  return useMemo(() => {
    // The version is what tells that the series outside React has changed.
    void version;
    return lossRows(series, { smoothing, supconWeight, limit: MOST_POINTS });
  }, [series, version, smoothing, supconWeight]);
}
