import { expect, test } from 'vitest';
import { compareLosses } from './compareLosses';
import { milestones } from './runBench';
import { isFlat, type SteadyRow } from './steadyState';
import { median, medianRatio } from './statistics';
import { stepFlops } from './stepCost';
import { largestBinding, planCell, RateEstimates } from './sweep';

const SIZE = { channels: 8, width: 8, batch: 32 };
const OPTIONS = { steps: 5, budgetSeconds: 100, maxBindingBytes: 2 ** 27 };

/** Rates at which a step of SIZE takes these seconds. */
function rates(seconds: Readonly<Record<string, number>>): RateEstimates {
  const estimates = new RateEstimates(1);
  const gigaflops = stepFlops(SIZE, true) / 1e9;
  for (const [name, value] of Object.entries(seconds)) estimates.learn(name, gigaflops / value);
  return estimates;
}

test('columns share the budget in order, and steps shrink to fit', () => {
  const plan = planCell(SIZE, ['ours', 'stock'], OPTIONS, rates({ ours: 1, stock: 19 }));
  expect(plan).toEqual({ run: ['ours', 'stock'], steps: 4, skipped: [] });
});

test('a column that does not fit is named with its estimate; a cheaper one behind it still runs', () => {
  const plan = planCell(
    SIZE,
    ['ours', 'stock', 'jax-js'],
    OPTIONS,
    rates({ ours: 1, stock: 80, 'jax-js': 2 }),
  );
  expect(plan.run).toEqual(['ours', 'jax-js']);
  expect(plan.steps).toBe(5);
  expect(plan.skipped).toEqual([
    { name: 'stock', reason: 'a step is estimated at 80 s, and the cell has 100 s for two rounds' },
  ]);
});

test('a size whose largest tensor cannot be bound is not tried', () => {
  const size = { channels: 64, width: 64, batch: 256 };
  expect(largestBinding(size)).toBe(2 ** 27);
  const plan = planCell(size, ['ours'], { ...OPTIONS, maxBindingBytes: 2 ** 26 }, rates({}));
  expect(plan.run).toEqual([]);
  expect(plan.skipped[0]?.reason).toBe('a tensor of 128 MiB is more than the adapter binds (64 MiB)');
});

test('medians, and ratios by pairs', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(median([])).toBeNaN();
  // A machine that slows down three times over still has the ratio 2.
  expect(medianRatio([2, 4, 6], [1, 2, 3])).toBe(2);
});

test('losses are compared over the steps that both have', () => {
  const comparison = compareLosses(
    'peer',
    [[2, 1, 10]],
    [
      [2, 1.5, 10],
      [0, 0, 0],
    ],
  );
  expect(comparison.relativeDifference).toBe(0.5);
  expect(comparison.theirs).toHaveLength(1);
  expect(compareLosses('peer', [], []).relativeDifference).toBeNaN();
});

test('memory is flat when nothing changes from the second row on', () => {
  const row = (step: number, tensors: number): SteadyRow => ({
    step,
    tensors,
    liveBytes: 8,
    bufferBytes: 16,
    buffersCreated: 0,
    pipelines: 0,
  });
  expect(isFlat([row(1, 5), row(2, 6), row(3, 6)])).toBe(true);
  expect(isFlat([row(1, 5), row(2, 6), row(3, 7)])).toBe(false);
  expect(milestones(500)).toEqual([1, 2, 3, 100, 200, 300, 400, 500]);
  expect(milestones(2)).toEqual([1, 2]);
});
