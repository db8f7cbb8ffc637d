import type { OptimizerSettings } from '../../protocol/experiment';
import { tf } from '../tf';
import type { Optimizer, OptimizerState, StepRates } from './optimizer';
import { mismatch, Slots } from './slots';

/**
 * `torch.optim.SGD` with momentum (no dampening, no Nesterov) and coupled weight decay:
 * d = g + wd·w; v = m·v + d; w = w - lr·v. The first step's v is d, as in PyTorch, because the slots start at zero.
 */
export class Sgd implements Optimizer {
  private readonly slots: Slots;
  private steps = 0;

  constructor(
    private readonly parameters: ReadonlyMap<string, tf.Variable>,
    private readonly settings: Extract<OptimizerSettings, { kind: 'sgd' }>,
  ) {
    this.slots = new Slots(['momentum'], parameters);
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>, rates: StepRates): void {
    tf.tidy(() => {
      const learningRate = tf.scalar(rates.learningRate);
      const momentum = tf.scalar(rates.momentum);
      const decay = tf.scalar(this.settings.weightDecay);
      for (const [name, weight] of this.parameters) {
        const velocity = this.slots.get('momentum', name);
        const gradient = gradients.get(name);
        const decayed = tf.mul(decay, weight);
        const direction = gradient ? tf.add(gradient, decayed) : decayed;
        const next = tf.add(tf.mul(momentum, velocity), direction);
        velocity.assign(next);
        weight.assign(tf.sub(weight, tf.mul(learningRate, next)));
      }
    });
    this.steps += 1;
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
