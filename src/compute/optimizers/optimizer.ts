import type { OptimizerSettings } from '../../protocol/experiment';
import type { InPlaceKernel } from '../kernels/optimizer/inPlace';
import type { tf } from '../tf';

/** What a schedule sets before a step. */
export interface StepRates {
  readonly learningRate: number;
  /** SGD's momentum or Adam's beta1 for this step. */
  readonly momentum: number;
}

/** Everything an optimiser remembers: restored exactly, the next step is the one it would have taken. */
export interface OptimizerState {
  readonly kind: OptimizerSettings['kind'];
  /** Steps taken. */
  readonly step: number;
  /**
   * `<slot>/<parameter name>` to values, in the parameter's device layout. Slots: `momentum` for SGD, `mean` and
   * `square` for Adam.
   */
  readonly slots: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>;
}

/** An optimiser as one kernel over one buffer of parameters, one of gradients and one for each slot. */
export interface FlatUpdate {
  /** Writes the parameters and the slots, in this order; reads the gradients. */
  readonly kernel: InPlaceKernel;
  /** Each slot's variables, in the order of the parameters. */
  readonly slots: readonly (readonly tf.Variable[])[];
  /** Counts a step, and gives the numbers that the kernel reads in it. */
  next(rates: StepRates): readonly number[];
}

/** An optimiser over named variables, computing as PyTorch's does. It owns its slots and never the variables. */
export interface Optimizer {
  /**
   * One update in place. `gradients` go by parameter name and stay the caller's; a parameter without one is treated as
   * having a gradient of zero, so that weight decay and momentum still move it.
   */
  step(gradients: ReadonlyMap<string, tf.Tensor>, rates: StepRates): void;
  /** For a plan that updates everything at once, in place of `step`. */
  readonly flat: FlatUpdate;
  /** Reads every slot back. */
  state(): Promise<OptimizerState>;
  /** @throws StudioError `train/checkpoint-mismatch` naming the kind or the slot that does not fit. */
  restore(state: OptimizerState): void;
  dispose(): void;
}
