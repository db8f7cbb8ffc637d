import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { lttbIndices } from './lttb';

const ramp = (count: number) => Float64Array.from({ length: count }, (_, index) => index);

describe('lttbIndices', () => {
  it('keeps a short line whole', () => {
    expect(lttbIndices(ramp(5), ramp(5), 600)).toEqual([0, 1, 2, 3, 4]);
  });

  it('keeps the ends, the order and the limit', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 4, maxLength: 400 }),
        (y) => {
          const chosen = lttbIndices(ramp(y.length), y, 20);
          expect(chosen.length).toBe(Math.min(20, y.length));
          expect(chosen[0]).toBe(0);
          expect(chosen.at(-1)).toBe(y.length - 1);
          for (const [at, index] of chosen.entries())
            if (at > 0) expect(index).toBeGreaterThan(chosen[at - 1]!);
        },
      ),
    );
  });

  it('keeps a single spike in a long flat line', () => {
    const y = new Float64Array(10_000);
    y[4321] = 50;
    expect(lttbIndices(ramp(y.length), y, 600)).toContain(4321);
  });
});
