import { dropout } from '../../kernels/dropout/dropout';
import type { tf } from '../../tf';

/**
 * Seeded dropout in train mode. A mask depends on the seed, the training step and its place among the step's masks alone, so that a
 * training that goes on from a checkpoint has those that an uninterrupted one has.
 */
export class DropoutMasks {
  private step = 0;
  private drawn = 0;

  constructor(private readonly seed: number) {}

  /** Masks drawn from here on are those of this step. */
  startStep(step: number): void {
    this.step = step;
    this.drawn = 0;
  }

  /** What `body` gives; masks that it draws are drawn again by whoever comes next. */
  rehearse<T>(body: () => T): T {
    const { drawn } = this;
    try {
      return body();
    } finally {
      this.drawn = drawn;
    }
  }

  /** x with a share `rate` of its values zero and the others divided by 1 - rate; differentiable. */
  apply(x: tf.Tensor, rate: number): tf.Tensor {
    if (rate === 0) return x;
    return dropout(x, rate, { seed: this.seed, step: this.step, layer: this.drawn++ });
  }
}
