import type { StepLosses } from './stepVariant';

/** Whether two columns computed the same step. */
export interface LossComparison {
  readonly name: string;
  readonly ours: readonly StepLosses[];
  readonly theirs: readonly StepLosses[];
  /** The largest difference of a loss, relative to ours. */
  readonly relativeDifference: number;
}

/** Compares as many steps as both have; NaN where there is none. */
export function compareLosses(
  name: string,
  ours: readonly StepLosses[],
  theirs: readonly StepLosses[],
): LossComparison {
  const steps = Math.min(ours.length, theirs.length);
  let relativeDifference = steps === 0 ? NaN : 0;
  for (let step = 0; step < steps; step++)
    ours[step]?.forEach((value, part) => {
      const difference = Math.abs((theirs[step]?.[part] ?? NaN) - value) / Math.abs(value);
      relativeDifference = Math.max(relativeDifference, difference);
    });
  return { name, ours: ours.slice(0, steps), theirs: theirs.slice(0, steps), relativeDifference };
}
