import { lttbIndices } from './lttb';
import type { MetricSeries } from './series';
import { smoothDebiased } from './smooth';

/** One drawn point of the loss chart. `raw` fields are the values before smoothing. */
export interface LossRow {
  readonly step: number;
  readonly total: number;
  readonly classification: number;
  /** The SupCon term as it enters the total: times its weight. */
  readonly supcon: number;
  readonly rawTotal: number;
  readonly rawClassification: number;
  readonly rawSupcon: number;
  readonly learningRate: number;
}

/** What of the series is drawn. */
export interface LossView {
  /** TensorBoard's smoothing weight, [0, 1). */
  readonly smoothing: number;
  readonly supconWeight: number;
  readonly limit: number;
}

/** At most `limit` points of the series, smoothed, chosen so that the total keeps its shape. */
export function lossRows(series: MetricSeries, view: LossView): LossRow[] {
  const step = series.column('step');
  const raw = {
    total: series.column('loss'),
    classification: series.column('classificationLoss'),
    supcon: series.column('supconLoss').map((value) => value * view.supconWeight),
  };
  const rate = series.column('learningRate');
  const total = smoothDebiased(raw.total, view.smoothing);
  const classification = smoothDebiased(raw.classification, view.smoothing);
  const supcon = smoothDebiased(raw.supcon, view.smoothing);
  // The raw total's shape chooses: spikes must stay in sight however strong the smoothing.
  return lttbIndices(step, raw.total, view.limit).map((index) => ({
    step: step[index] ?? 0,
    total: total[index] ?? 0,
    classification: classification[index] ?? 0,
    supcon: supcon[index] ?? 0,
    rawTotal: raw.total[index] ?? 0,
    rawClassification: raw.classification[index] ?? 0,
    rawSupcon: raw.supcon[index] ?? 0,
    learningRate: rate[index] ?? 0,
  }));
}
