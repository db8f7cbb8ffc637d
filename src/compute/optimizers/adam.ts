import type { OptimizerSettings } from '../../protocol/experiment';
import { ADAM_KERNEL, adamNumbers, adamStep, type AdamOptions } from '../kernels/optimizer/adam';
import { tf } from '../tf';
import type { FlatUpdate, Optimizer, OptimizerState, StepRates } from './optimizer';
import { mismatch, Slots } from './slots';

/**
 * `torch.optim.Adam` (weight decay added to the gradient) and `torch.optim.AdamW` (weights shrunk by lr·wd first):
 * m = b1·m + (1 - b1)·g; v = b2·v + (1 - b2)·g²; w = w - lr/(1 - b1^t) · m / (√v/√(1 - b2^t) + eps).
 * b1 is the step's own momentum, also in the correction, which is what PyTorch does under a one-cycle schedule.
 */
export class Adam implements Optimizer {
  readonly flat: FlatUpdate;
  private readonly slots: Slots;
  private steps = 0;

  constructor(
    private readonly parameters: ReadonlyMap<string, tf.Variable>,
    private readonly settings: Extract<OptimizerSettings, { kind: 'adam' | 'adamw' }>,
  ) {
    this.slots = new Slots(['mean', 'square'], parameters);
    this.flat = {
      kernel: ADAM_KERNEL,
      slots: [this.slots.all('mean'), this.slots.all('square')],
      next: (rates) => {
        this.steps += 1;
        return adamNumbers(this.options(rates), this.steps);
      },
    };
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>, rates: StepRates): void {
    this.steps += 1;
    tf.tidy(() => {
      const parts = [...this.parameters].map(([name, param]) => {
        const grad = gradients.get(name) ?? tf.zerosLike(param);
        return { param, grad, first: this.slots.get('mean', name), second: this.slots.get('square', name) };
      });
      adamStep(parts, this.options(rates), this.steps);
    });
  }

  private options(rates: StepRates): AdamOptions {
    const { beta2, epsilon, weightDecay, kind } = this.settings;
    return {
      learningRate: rates.learningRate,
      beta1: rates.momentum,
      beta2,
      epsilon,
      weightDecay,
      decoupled: kind === 'adamw',
    };
  }

  async state(): Promise<OptimizerState> {
    return { kind: this.settings.kind, step: this.steps, slots: await this.slots.read() };
  }

  restore(state: OptimizerState): void {
    if (state.kind !== this.settings.kind) {
      throw mismatch(`it was written by ${state.kind}, and the run uses ${this.settings.kind}`);
    }
    this.slots.restore(state.slots);
    this.steps = state.step;
  }

  dispose(): void {
    this.slots.dispose();
  }
}
