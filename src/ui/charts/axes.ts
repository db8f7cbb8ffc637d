import { formatStep, stepTicks } from './ticks';

/** What every axis of steps, from 0 to `last`, has in common; about `ticks` of them are labelled. */
export function stepAxis(last: number, ticks: number) {
  return {
    dataKey: 'step',
    type: 'number',
    domain: [0, last],
    ticks: stepTicks(last, ticks),
    tickFormatter: formatStep,
    stroke: 'var(--line-strong)',
    tickLine: false,
  } as const;
}

/** For an axis that says below it what it counts. */
export const STEP_TITLE = {
  height: 36,
  label: { value: 'step', position: 'insideBottom', offset: 3 },
} as const;

/** What every axis of values has in common. */
export const VALUE_AXIS = { width: 46, axisLine: false, tickLine: false } as const;
