import { describe, expect, it } from 'vitest';
import { adaptiveShares } from './pools';

describe('adaptiveShares', () => {
  const rows = (inputs: number, outputs: number): number[][] => {
    const flat = adaptiveShares(inputs, outputs);
    return Array.from({ length: outputs }, (_, o) => [...flat.subarray(o * inputs, (o + 1) * inputs)]);
  };

  it('overlaps where the sizes do not divide, as PyTorch: floor to ceil', () => {
    const [third, half] = [Math.fround(1 / 3), 0.5];
    // 5 to 3: inputs 0-1, 1-3, 3-4.
    expect(rows(5, 3)).toEqual([
      [half, half, 0, 0, 0],
      [0, third, third, third, 0],
      [0, 0, 0, half, half],
    ]);
  });

  it('repeats inputs where there are more outputs', () => {
    expect(rows(2, 3)).toEqual([
      [1, 0],
      [0.5, 0.5],
      [0, 1],
    ]);
    expect(rows(1, 2)).toEqual([[1], [1]]);
  });
});
