import type { StateTensor } from '../formats/models/stateDict';
import type { TensorStatistics } from '../protocol/summaries';

/**
 * What a tensor's values are like: extremes, mean and (population) standard deviation over its finite values, the share of
 * zeros, and how many are not finite. Two passes in float64. Extremes and moments are null where no value is finite.
 */
export function tensorStatistics(name: string, { dtype, shape, data }: StateTensor): TensorStatistics {
  let [min, max, sum, zeros, notNumbers, infinite] = [Infinity, -Infinity, 0, 0, 0, 0];
  for (const value of data) {
    if (Number.isNaN(value)) notNumbers += 1;
    else if (!Number.isFinite(value)) infinite += 1;
    else {
      if (value === 0) zeros += 1;
      if (value < min) min = value;
      if (value > max) max = value;
      sum += value;
    }
  }
  const finite = data.length - notNumbers - infinite;
  const mean = sum / finite;
  let squares = 0;
  for (const value of data) if (Number.isFinite(value)) squares += (value - mean) ** 2;
  const some = finite > 0;
  return {
    name,
    dtype,
    shape,
    count: data.length,
    min: some ? min : null,
    max: some ? max : null,
    mean: some ? mean : null,
    std: some ? Math.sqrt(squares / finite) : null,
    zeroShare: data.length > 0 ? zeros / data.length : 0,
    notNumbers,
    infinite,
  };
}
