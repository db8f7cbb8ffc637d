import type { OptimizerSettings } from '../../protocol/experiment';
import { tf } from '../tf';
import type { Optimizer, OptimizerState, StepRates } from './optimizer';
import { mismatch, Slots } from './slots';

/**
 * `torch.optim.Adam` (weight decay added to the gradient) and `torch.optim.AdamW` (weights shrunk by lr·wd first):
 * m = b1·m + (1 - b1)·g; v = b2·v + (1 - b2)·g²; w = w - lr/(1 - b1^t) · m / (√v/√(1 - b2^t) + eps).
 * b1 is the step's own momentum, also in the correction, which is what PyTorch does under a one-cycle schedule.
 */
export class Adam implements Optimizer {
  private readonly slots: Slots;
  private steps = 0;

  constructor(
    private readonly parameters: ReadonlyMap<string, tf.Variable>,
    private readonly settings: Extract<OptimizerSettings, { kind: 'adam' | 'adamw' }>,
  ) {
    this.slots = new Slots(['mean', 'square'], parameters);
  }

  step(gradients: ReadonlyMap<string, tf.Tensor>, rates: StepRates): void {
    this.steps += 1;
    const { beta2, epsilon, weightDecay, kind } = this.settings;
    const beta1 = rates.momentum;
    const stepSize = rates.learningRate / (1 - beta1 ** this.steps);
    const correction = Math.sqrt(1 - beta2 ** this.steps);
    tf.tidy(() => {
      const scalars = [beta1, 1 - beta1, beta2, 1 - beta2, stepSize, correction, epsilon].map((x) =>
        tf.scalar(x),
      );
      const [keepMean, takeMean, keepSquare, takeSquare, rate, root, tiny] = scalars as [
        tf.Scalar,
        tf.Scalar,
        tf.Scalar,
        tf.Scalar,
        tf.Scalar,
        tf.Scalar,
        tf.Scalar,
      ];
      const decay = tf.scalar(kind === 'adam' ? weightDecay : 1 - rates.learningRate * weightDecay);
      for (const [name, weight] of this.parameters) {
        const mean = this.slots.get('mean', name);
        const square = this.slots.get('square', name);
        let gradient = gradients.get(name) ?? tf.zerosLike(weight);
        if (weightDecay !== 0) {
          if (kind === 'adam') gradient = tf.add(gradient, tf.mul(decay, weight));
          else weight.assign(tf.mul(weight, decay));
        }
        const nextMean = tf.add(tf.mul(keepMean, mean), tf.mul(takeMean, gradient));
        const nextSquare = tf.add(tf.mul(keepSquare, square), tf.mul(takeSquare, tf.square(gradient)));
        mean.assign(nextMean);
        square.assign(nextSquare);
        const denominator = tf.add(tf.div(tf.sqrt(nextSquare), root), tiny);
        weight.assign(tf.sub(weight, tf.mul(rate, tf.div(nextMean, denominator))));
      }
    });
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
