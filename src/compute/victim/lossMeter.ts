import { StudioError } from '../../protocol/errors';
import { tf } from '../tf';

/** Adds up losses on the GPU until they are read. */
export class LossMeter {
  private sum: tf.Scalar | null = null;
  private steps = 0;

  /** Takes ownership of `loss`. */
  add(loss: tf.Scalar): void {
    const { sum } = this;
    this.sum = sum === null ? loss : tf.add<tf.Scalar>(sum, loss);
    if (sum !== null) tf.dispose([sum, loss]);
    this.steps += 1;
  }

  /** The mean since the last read. @throws StudioError `train/non-finite-loss`. */
  async read(step: number): Promise<number> {
    const [sum = NaN] = (await this.sum?.data()) ?? [];
    const mean = sum / this.steps;
    this.dispose();
    if (Number.isFinite(mean)) return mean;
    throw new StudioError(
      'train/non-finite-loss',
      `The classifier's loss stopped being a number by step ${step}: lower the learning rate.`,
      { subject: 'model.train.optimizer.learningRate' },
    );
  }

  dispose(): void {
    this.sum?.dispose();
    this.sum = null;
    this.steps = 0;
  }
}
