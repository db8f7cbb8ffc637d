import { StudioError } from '../../protocol/errors';
import type { StateDict } from '../../formats/models/stateDict';
import { tf } from '../tf';
import { floatValues } from './layout';
import { MEAN_ROW, STATISTICS_ROWS, VARIANCE_ROW } from '../kernels/batchNorm/batchNorm';
import { moveAverage } from '../kernels/optimizer/movingAverage';
import type { NormSpec } from './trace';

/** PyTorch's BatchNorm2d default: the weight of the newest batch in the running statistics. */
const MOMENTUM = 0.1;

/** What one batch-norm layer saw in a batch. */
export interface BatchStatistics {
  /** As `batchNormTrain` gives them, [STATISTICS_ROWS, C]. */
  readonly statistics: tf.Tensor2D;
  /** Values a channel: N H W. */
  readonly count: number;
}

/**
 * The running means and variances of all batch-norm layers of a network, as one flat variable laid out as the batch's
 * statistics are, layer behind layer, so that a step moves them with a handful of dispatches whatever the depth. Rows
 * that are no running statistic stay zero.
 */
export class RunningStatistics {
  private readonly offsets = new Map<string, { readonly mean: number; readonly variance: number }>();
  private readonly total: number;
  private readonly flat: tf.Variable<tf.Rank.R1>;
  /** Momentum by element, with the factor that makes a variance unbiased; by the layers' counts. */
  private readonly factors = new Map<string, tf.Tensor1D>();
  private readonly tracked = new Map<string, number>();
  private counting = true;

  constructor(private readonly norms: readonly NormSpec[]) {
    let offset = 0;
    for (const { normKey, channels } of norms) {
      this.offsets.set(normKey, {
        mean: offset + MEAN_ROW * channels,
        variance: offset + VARIANCE_ROW * channels,
      });
      offset += STATISTICS_ROWS * channels;
    }
    this.total = offset;
    this.flat = tf.tidy(() => tf.variable(tf.zeros<tf.Rank.R1>([offset]), false));
  }

  /** A layer's running mean and variance, [C] each; they belong to the caller's tidy. */
  read(norm: NormSpec): { mean: tf.Tensor1D; variance: tf.Tensor1D } {
    const { mean, variance } = this.position(norm.normKey);
    return {
      mean: tf.slice1d(this.flat, mean, norm.channels),
      variance: tf.slice1d(this.flat, variance, norm.channels),
    };
  }

  /**
   * Moves every layer by PyTorch's rule: running = 0.9 running + 0.1 batch, with the unbiased variance. Disposes the
   * batch's statistics.
   */
  update(batch: ReadonlyMap<string, BatchStatistics>): void {
    if (this.total === 0) return;
    const seen = this.norms.map(({ normKey }) => {
      const statistics = batch.get(normKey);
      if (statistics === undefined) throw new Error(`Batch-norm ${normKey} did not run in this step.`);
      return statistics;
    });
    tf.tidy(() => {
      const current = tf.concat1d(seen.map(({ statistics }) => statistics.as1D()));
      moveAverage(this.flat, current, this.factor(seen.map(({ count }) => count)), 1 - MOMENTUM);
    });
    for (const { statistics } of seen) statistics.dispose();
    if (this.counting) this.count();
  }

  /** One batch more was tracked; `update` calls it, and whoever has the GPU do what `update` recorded. */
  count(): void {
    for (const { normKey } of this.norms) this.tracked.set(normKey, (this.tracked.get(normKey) ?? 0) + 1);
  }

  /** What `body` gives; batches that it runs are not counted. */
  uncounted<T>(body: () => T): T {
    this.counting = false;
    try {
      return body();
    } finally {
      this.counting = true;
    }
  }

  /** Takes over what a state_dict holds; a counter that is not there starts at 0. */
  load(state: StateDict): void {
    const values = new Float32Array(this.total);
    for (const { normKey } of this.norms) {
      const position = this.position(normKey);
      const mean = state.get(`${normKey}.running_mean`);
      const variance = state.get(`${normKey}.running_var`);
      if (mean) values.set(floatValues(mean), position.mean);
      if (variance) values.set(floatValues(variance), position.variance);
      this.tracked.set(normKey, state.get(`${normKey}.num_batches_tracked`)?.data[0] ?? 0);
    }
    tf.tidy(() => this.flat.assign(tf.tensor1d(values)));
  }

  /** `num_batches_tracked` of a layer. */
  batchesTracked(normKey: string): number {
    return this.tracked.get(normKey) ?? 0;
  }

  /** The flat variable itself, to be read, not disposed; `position` tells where what lies. */
  get values(): tf.Tensor1D {
    return this.flat;
  }

  /** Where a layer's mean and variance lie in `values`. */
  position(normKey: string): { mean: number; variance: number } {
    return this.offsets.get(normKey) ?? { mean: 0, variance: 0 };
  }

  dispose(): void {
    this.flat.dispose();
    for (const factor of this.factors.values()) factor.dispose();
    this.factors.clear();
  }

  private factor(counts: readonly number[]): tf.Tensor1D {
    const key = counts.join();
    const known = this.factors.get(key);
    if (known !== undefined) return known;
    const values = new Float32Array(this.total);
    this.norms.forEach(({ normKey, channels }, layer) => {
      const count = counts[layer] ?? 0;
      const { mean, variance } = this.position(normKey);
      values.fill(MOMENTUM, mean, mean + channels);
      values.fill((MOMENTUM * count) / (count - 1), variance, variance + channels);
    });
    const made = tf.keep(tf.tensor1d(values));
    this.factors.set(key, made);
    return made;
  }
}

/**
 * Batch-norm cannot train on one value a channel: its variance is 0 and the unbiased one 0/0 (PyTorch refuses it too).
 * @throws StudioError `experiment/invalid`.
 */
export function requireSeveralValues(count: number): void {
  if (count > 1) return;
  throw new StudioError(
    'experiment/invalid',
    'A training batch of one image this small leaves batch-norm one value a channel: use a batch size of 2 or more.',
    { subject: 'batchSize' },
  );
}
