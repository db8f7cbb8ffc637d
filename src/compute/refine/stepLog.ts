import { StudioError } from '../../protocol/errors';
import type { MetricsRow } from '../../protocol/results';
import { tf } from '../tf';

/** Training that diverged. `detail` says what was seen. */
export function nonFinite(step: number, detail: string): StudioError {
  return new StudioError(
    'train/non-finite-loss',
    `The loss stopped being a number by step ${step}: lower the learning rate, or go back to the last checkpoint.`,
    { subject: 'defense.optimizer.learningRate', detail },
  );
}

/** Gives the losses of the last step, then their sums over the steps since it was last called. */
type ReadLosses = () => Promise<ArrayLike<number>>;

/** Keeps the losses of the steps since the last logged one on the GPU, and times them without the consumer's pauses. */
export class StepLog {
  private last: tf.Tensor1D | null = null;
  /** Sum over the steps since the last log: not finite as soon as one of them is not. */
  private sum: tf.Tensor1D | null = null;
  private readPlanned: ReadLosses | null = null;
  private steps = 0;
  private milliseconds = 0;
  private startedAt = 0;

  start(): void {
    this.startedAt = performance.now();
  }

  pause(): void {
    this.milliseconds += performance.now() - this.startedAt;
  }

  /** Takes ownership of `losses`. */
  add(losses: tf.Tensor1D): void {
    const sum = this.sum === null ? losses.clone() : tf.add<tf.Tensor1D>(this.sum, losses);
    this.sum?.dispose();
    this.last?.dispose();
    this.sum = sum;
    this.last = losses;
    this.steps += 1;
  }

  /** Counts a step that keeps its losses itself. */
  addPlanned(read: ReadLosses): void {
    this.readPlanned = read;
    this.steps += 1;
  }

  /** The row of the step added last; the losses before it are only checked. */
  async read(at: Pick<MetricsRow, 'step' | 'epoch' | 'learningRate'>): Promise<MetricsRow> {
    const values = Array.from(await this.values());
    const [loss = NaN, classificationLoss = NaN, supconLoss = NaN] = values;
    if (!values.every(Number.isFinite)) throw nonFinite(at.step, `losses ${values.join(', ')}`);
    const seconds = (this.milliseconds + performance.now() - this.startedAt) / 1000 / this.steps;
    this.dispose();
    this.startedAt = performance.now();
    return { ...at, loss, classificationLoss, supconLoss, stepSeconds: seconds };
  }

  private async values(): Promise<ArrayLike<number>> {
    const { last, sum, readPlanned } = this;
    if (readPlanned) return readPlanned();
    if (last === null || sum === null)
      throw new StudioError('internal', 'A step was logged before it was taken.');
    const both = tf.concat([last, sum]);
    try {
      return await both.data();
    } finally {
      both.dispose();
    }
  }

  dispose(): void {
    tf.dispose([this.last, this.sum].filter((tensor) => tensor !== null));
    this.last = null;
    this.sum = null;
    this.readPlanned = null;
    this.steps = 0;
    this.milliseconds = 0;
  }
}
