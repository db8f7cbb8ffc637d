import type { StoredRun } from '../../protocol/messages';
import { lttbIndices } from '../../state/lttb';
import { smoothDebiased } from '../../state/smooth';

/** One line of an overlay: points of one run. */
export interface OverlayLine {
  readonly key: string;
  readonly points: readonly { readonly step: number; readonly value: number }[];
}

/** A row of the chart: the step and, by line, the value there. */
export type OverlayRow = { readonly step: number } & Readonly<Record<string, number>>;

const MOST_POINTS = 300;

/** The total loss of a run, smoothed as the page's curves are, at few enough points to draw. */
export function lossLine(run: StoredRun, key: string, smoothing: number): OverlayLine {
  const steps = run.metrics.map(({ step }) => step);
  const values = smoothDebiased(
    run.metrics.map(({ loss }) => loss),
    smoothing,
  );
  return {
    key,
    points: lttbIndices(steps, values, MOST_POINTS).map((index) => ({
      step: steps[index] ?? 0,
      value: values[index] ?? 0,
    })),
  };
}

/** A rate at every measurement of a run; measurements without it are left out. */
export function rateLine(
  run: StoredRun,
  key: string,
  rate: 'benignAccuracy' | 'attackSuccessRate',
): OverlayLine {
  const points = run.history.flatMap(({ step, evaluation }) => {
    const value = evaluation[rate]?.rate;
    return value === undefined ? [] : [{ step, value }];
  });
  return { key, points };
}

/** Lines put on common rows, ascending by step; a line is absent from a row where it has no point. */
export function overlayRows(lines: readonly OverlayLine[]): OverlayRow[] {
  const rows = new Map<number, { step: number } & Record<string, number>>();
  for (const { key, points } of lines) {
    for (const { step, value } of points) {
      const row = rows.get(step) ?? { step };
      row[key] = value;
      rows.set(step, row);
    }
  }
  return [...rows.values()].sort((a, b) => a.step - b.step);
}
