import type { GpuCounts } from './gpuCounters';

/** [total, classification, supcon] of a step. */
export type StepLosses = readonly [number, number, number];

/** One column of the benchmark: a way to compute the same training step. */
export interface StepVariant {
  readonly name: string;
  /** Done before the first step and not timed: self-checks, which are once a device and not once a run. */
  prepare(): Promise<void>;
  /** One whole step, until the GPU has finished it. */
  step(): Promise<void>;
  /** What was asked of the device since the last call. */
  counts(): GpuCounts;
  /** Losses of the first steps, where the variant knows them, for comparing columns. */
  losses(): readonly StepLosses[];
  dispose(): Promise<void>;
}
