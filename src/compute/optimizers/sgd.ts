import type { OptimizerSettings } from '../../protocol/experiment';
import { SGD_KERNEL, sgdNumbers, sgdStep, type SgdOptions } from '../kernels/optimizer/sgd';
import { tf } from '../tf';
import type { FlatUpdate, Optimizer, OptimizerState, StepRates } from './optimizer';
import { mismatch, Slots } from './slots';

/**
 * `torch.optim.SGD` with momentum (no dampening, no Nesterov) and coupled weight decay:
 * d = g + wd·w; v = m·v + d; w = w - lr·v. The first step's v is d, as in PyTorch, because the slots start at zero.
 */
export class Sgd implements Optimizer {
  readonly flat: FlatUpdate;
  private readonly slots: Slots;
  private steps = 0;

  constructor(
    private readonly parameters: ReadonlyMap<string, tf.Variable>,
    private readonly settings: Extract<OptimizerSettings, { kind: 'sgd' }>,
  ) {
    this.slots = new Slots(['momentum'], parameters);
    this.flat = {
      kernel: SGD_KERNEL,
      slots: [this.slots.all('momentum')],
      next: (rates) => {
        this.steps += 1;
        return sgdNumbers(this.options(rates));
      },
    };
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>, rates: StepRates): void {
    tf.tidy(() => {
      const parts = [...this.parameters].map(([name, param]) => {
        const grad = gradients.get(name) ?? tf.zerosLike(param);
        return { param, grad, velocity: this.slots.get('momentum', name) };
      });
      sgdStep(parts, this.options(rates));
    });
    this.steps += 1;
  }

  private options(rates: StepRates): SgdOptions {
    return { ...rates, weightDecay: this.settings.weightDecay };
  }

  async state(): Promise<OptimizerState> {
    return { kind: 'sgd', step: this.steps, slots: await this.slots.read() };
  }

  restore(state: OptimizerState): void {
    if (state.kind !== 'sgd') throw mismatch(`it was written by ${state.kind}, and the run uses sgd`);
    this.slots.restore(state.slots);
    this.steps = state.step;
  }

  dispose(): void {
    this.slots.dispose();
  }
}
