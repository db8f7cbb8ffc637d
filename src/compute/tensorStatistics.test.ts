import { describe, expect, it } from 'vitest';
import { tensorStatistics } from './tensorStatistics';

describe('tensor statistics', () => {
  it('are the closed forms of the finite values', () => {
    const data = Float32Array.of(-2, 0, 0, 4, NaN, Infinity, -Infinity, 3);
    const statistics = tensorStatistics('w', { dtype: 'float32', shape: [2, 4], data });
    // Finite: -2, 0, 0, 4, 3: mean 1, variance (9 + 1 + 1 + 9 + 4) / 5.
    expect(statistics).toMatchObject({
      min: -2,
      max: 4,
      mean: 1,
      zeroShare: 0.25,
      notNumbers: 1,
      infinite: 2,
      count: 8,
    });
    expect(statistics.std).toBeCloseTo(Math.sqrt(24 / 5), 12);
  });

  it('say nothing of values that are not there', () => {
    const empty = tensorStatistics('e', { dtype: 'float32', shape: [0], data: new Float32Array(0) });
    expect(empty).toMatchObject({ min: null, max: null, mean: null, std: null, zeroShare: 0 });
    const bad = tensorStatistics('n', { dtype: 'float32', shape: [1], data: Float32Array.of(NaN) });
    expect(bad).toMatchObject({ mean: null, notNumbers: 1 });
  });

  it('keep what float32 sums would lose', () => {
    const data = new Float32Array(100_000).fill(1000.5);
    data[0] = 1001.5;
    const { mean, std } = tensorStatistics('big', { dtype: 'float32', shape: [100_000], data });
    expect(mean).toBeCloseTo(1000.5 + 1e-5, 9);
    expect(std).toBeCloseTo(Math.sqrt(1e-5 - 1e-10), 9);
  });
});
