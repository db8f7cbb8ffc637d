import type { MetricsRow } from '../../protocol/results';

const HEADER = 'step,epoch,loss,classification_loss,supcon_loss,learning_rate,step_seconds';

/** `metrics.csv`: a row a logged step, 9 significant digits (enough to give a float32 back), lines ended by `\n`. */
export function writeMetricsCsv(rows: readonly MetricsRow[]): string {
  const lines = rows.map((row) =>
    [
      String(row.step),
      String(row.epoch),
      nineDigits(row.loss),
      nineDigits(row.classificationLoss),
      nineDigits(row.supconLoss),
      nineDigits(row.learningRate),
      nineDigits(row.stepSeconds),
    ].join(','),
  );
  return [HEADER, ...lines, ''].join('\n');
}

/** As C's `%.9g` rounds, in the notation both Python and spreadsheets read. */
function nineDigits(value: number): string {
  return String(Number(value.toPrecision(9)));
}
