import { describe, expect, it } from 'vitest';
import { direction } from './angle';

describe('direction', () => {
  it('is the unit vector of the angle', () => {
    for (let degrees = -720; degrees <= 720; degrees += 3.7) {
      const { cos, sin } = direction(degrees);
      expect(cos).toBeCloseTo(Math.cos((degrees * Math.PI) / 180), 10);
      expect(sin).toBeCloseTo(Math.sin((degrees * Math.PI) / 180), 10);
    }
  });

  it('is exact at right angles', () => {
    expect(direction(90)).toEqual({ cos: -0, sin: 1 });
    expect(direction(180)).toEqual({ cos: -1, sin: -0 });
  });
});
