import { expect, it } from 'vitest';
import { isGridStep } from './gridSteps';
import { Pace } from './pace';

it('measures the last steps and leaves out the slowest', () => {
  const pace = new Pace(4);
  expect(pace.secondsFor(10)).toBeNull();
  for (const seconds of [9, 0.5, 0.5, 0.5]) pace.add(seconds);
  expect(pace.stepsPerSecond).toBeCloseTo(2, 12);
  expect(pace.secondsFor(10)).toBeCloseTo(5, 12);
  for (const seconds of [0.25, 0.25, 0.25, 0.25]) pace.add(seconds);
  expect(pace.stepsPerSecond).toBeCloseTo(4, 12);
});

it('shows pictures ever more rarely, and at the end', () => {
  const shown = Array.from({ length: 4001 }, (_, step) => step).filter((step) => isGridStep(step, 4000));
  expect(shown).toEqual([10, 30, 100, 300, 1000, 3000, 4000]);
});
