import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatStep, linearTicks, logTicks, stepTicks } from './ticks';

describe('ticks', () => {
  it('are round and cover the range', () => {
    expect(linearTicks(0, 2.86, 5)).toEqual([0, 1, 2, 3]);
    expect(linearTicks(0, 1, 4)).toEqual([0, 0.25, 0.5, 0.75, 1]);
    fc.assert(
      fc.property(
        fc.double({ min: -1e4, max: 1e4, noNaN: true }),
        fc.double({ min: 1e-3, max: 1e4, noNaN: true }),
        (low, span) => {
          const ticks = linearTicks(low, low + span, 5);
          expect(ticks[0]!).toBeLessThanOrEqual(low + span * 1e-6);
          expect(ticks.at(-1)!).toBeGreaterThanOrEqual(low + span - span * 1e-6);
          expect(ticks.length).toBeLessThanOrEqual(8);
        },
      ),
    );
  });

  it('cover a log range by powers of ten', () => {
    expect(logTicks(0.013, 2.4)).toEqual([0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5]);
    expect(logTicks(1e-6, 1)).toEqual([1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.1, 1]);
  });

  it('stay whole and inside the steps', () => {
    expect(stepTicks(600, 6)).toEqual([0, 100, 200, 300, 400, 500, 600]);
    expect(stepTicks(168, 6)).toEqual([0, 50, 100, 150]);
    expect(stepTicks(3, 6)).toEqual([0, 1, 2, 3]);
    expect(stepTicks(0, 6)).toEqual([0]);
  });

  it('are written short', () => {
    expect([0, 1812, 12_500, 90_000].map(formatStep)).toEqual(['0', '1,812', '12.5k', '90k']);
  });
});
