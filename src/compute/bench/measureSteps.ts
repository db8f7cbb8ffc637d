import type { GpuCounts } from './gpuCounters';
import { median } from './statistics';
import type { StepLosses, StepVariant } from './stepVariant';
import { throwIfStopped } from './stopped';

/** What one column took. */
export interface StepTiming {
  readonly name: string;
  /** From the first recorded operation to the GPU's end, compilation included. */
  readonly firstStepMs: number;
  /** Of the steps after the first, in order. */
  readonly stepMs: readonly number[];
  readonly medianStepMs: number;
  /** Of the last step. */
  readonly counts: GpuCounts;
  readonly losses: readonly StepLosses[];
  /** Why the column stopped early; the others went on. */
  readonly failure: string | null;
}

/** Called after every step of every column. */
export type StepListener = (name: string, step: number, ms: number) => void;

/**
 * Takes a first step and `steps` more with every variant, in turn in one run, so that their ratios hold on a machine whose
 * speed drifts. Order within a round alternates, since a column's finishing touches can fall into the next one's time.
 * Does not dispose the variants. @throws StudioError `aborted` when `signal` fires, between two steps.
 */
export async function measureSteps(
  variants: readonly StepVariant[],
  steps: number,
  listener: StepListener = () => undefined,
  signal?: AbortSignal,
): Promise<readonly StepTiming[]> {
  const taken = variants.map((variant) => ({
    variant,
    times: [] as number[],
    counts: null as GpuCounts | null,
    failure: null as string | null,
  }));
  for (let step = 0; step <= steps; step++) {
    const round = step % 2 === 0 ? taken : [...taken].reverse();
    for (const column of round) {
      const { variant, times } = column;
      if (column.failure !== null) continue;
      throwIfStopped(signal);
      try {
        if (step === 0) await variant.prepare();
        variant.counts();
        const started = performance.now();
        await variant.step();
        const elapsed = performance.now() - started;
        column.counts = variant.counts();
        times.push(elapsed);
        listener(variant.name, step, elapsed);
      } catch (thrown) {
        column.failure = thrown instanceof Error ? thrown.message : String(thrown);
      }
    }
  }
  return taken.map(({ variant, times, counts, failure }) => {
    const [firstStepMs = NaN, ...stepMs] = times;
    return {
      name: variant.name,
      firstStepMs,
      stepMs,
      medianStepMs: median(stepMs),
      counts: counts ?? variant.counts(),
      losses: variant.losses(),
      failure,
    };
  });
}
