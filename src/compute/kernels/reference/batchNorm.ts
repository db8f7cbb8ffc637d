/** What train-mode batch-norm (and ReLU) computes, in float64. Columns are channels; arrays are [rows * channels] or [channels]. */
export interface BatchNormReference {
  readonly y: Float64Array;
  readonly mean: Float64Array;
  readonly variance: Float64Array;
  readonly dx: Float64Array;
  readonly dGamma: Float64Array;
  readonly dBeta: Float64Array;
}

const at = (values: ArrayLike<number>, index: number): number => values[index] ?? Number.NaN;

/** Forward and gradient (for the output gradient `dy`) of batch-norm over rows, biased variance, two-pass in float64. */
export function batchNormReference(
  x: ArrayLike<number>,
  gamma: ArrayLike<number>,
  beta: ArrayLike<number>,
  dy: ArrayLike<number>,
  epsilon: number,
  relu: boolean,
): BatchNormReference {
  const channels = gamma.length;
  const rows = x.length / channels;
  const [y, dx] = [new Float64Array(x.length), new Float64Array(x.length)];
  const [mean, variance] = [new Float64Array(channels), new Float64Array(channels)];
  const [dGamma, dBeta] = [new Float64Array(channels), new Float64Array(channels)];
  for (let c = 0; c < channels; c++) {
    let sum = 0;
    for (let r = 0; r < rows; r++) sum += at(x, r * channels + c);
    const m = sum / rows;
    let squares = 0;
    for (let r = 0; r < rows; r++) squares += (at(x, r * channels + c) - m) ** 2;
    const inverse = 1 / Math.sqrt(squares / rows + epsilon);
    const g = new Float64Array(rows);
    const h = new Float64Array(rows);
    let [sumG, sumGh] = [0, 0];
    for (let r = 0; r < rows; r++) {
      const i = r * channels + c;
      h[r] = (at(x, i) - m) * inverse;
      const value = at(h, r) * at(gamma, c) + at(beta, c);
      y[i] = relu ? Math.max(0, value) : value;
      g[r] = relu && value <= 0 ? 0 : at(dy, i);
      sumG += at(g, r);
      sumGh += at(g, r) * at(h, r);
    }
    for (let r = 0; r < rows; r++) {
      dx[r * channels + c] = at(gamma, c) * inverse * (at(g, r) - sumG / rows - (at(h, r) * sumGh) / rows);
    }
    mean[c] = m;
    variance[c] = squares / rows;
    dGamma[c] = sumGh;
    dBeta[c] = sumG;
  }
  return { y, mean, variance, dx, dGamma, dBeta };
}
