import { describe, expect, it } from 'vitest';
import { smoothDebiased } from './smooth';

describe('smoothDebiased', () => {
  it('leaves the values alone with weight 0', () => {
    expect([...smoothDebiased([3, 1, 2], 0)]).toEqual([3, 1, 2]);
  });

  it('starts at the first value and gives the closed form of the weighted mean', () => {
    const values = [4, 8, 1];
    const weight = 0.6;
    const smoothed = smoothDebiased(values, weight);
    expect(smoothed[0]).toBeCloseTo(4, 12);
    // Weights 1, w, w^2 counted from the newest, normalised: what division by 1 - w^n comes to.
    const expected = (1 + weight * 8 + weight ** 2 * 4) / (1 + weight + weight ** 2);
    expect(smoothed[2]).toBeCloseTo(expected, 12);
  });

  it('keeps a constant constant, and passes over what is not a number', () => {
    const smoothed = smoothDebiased([5, Number.NaN, 5], 0.9);
    expect(smoothed[0]).toBeCloseTo(5, 12);
    expect(smoothed[1]).toBeNaN();
    expect(smoothed[2]).toBeCloseTo(5, 12);
  });
});
