import { StudioError } from '../protocol/errors';
import { PURPOSE, RandomStream } from './random';

/**
 * The order in which epoch `epoch` visits `count` images: a permutation of [0, count) that depends on seed and epoch
 * alone, so a resumed run goes on where it was.
 */
export function epochOrder(count: number, seed: number, epoch: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, i) => i);
  return new RandomStream(seed, PURPOSE.shuffle, epoch).shuffle(order);
}

/**
 * How many batches an epoch has. Training drops an incomplete last batch, as the official code does
 * (METHODS 1.5: drop_last); evaluation keeps it. A batch as large as the data set is the whole set.
 * @throws StudioError `experiment/invalid` for a size that is not a positive whole number,
 *   `experiment/batch-too-large` for one larger than the data set.
 */
export function batchesPerEpoch(count: number, batchSize: number, dropLast = true): number {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new StudioError(
      'experiment/invalid',
      `batchSize must be a whole number of at least 1, not ${batchSize}.`,
      {
        subject: 'batchSize',
      },
    );
  }
  if (!dropLast) return Math.ceil(count / batchSize);
  if (batchSize > count) {
    throw new StudioError(
      'experiment/batch-too-large',
      `batchSize is ${batchSize}, but there are only ${count} training images; choose ${count} or less.`,
      { subject: 'batchSize' },
    );
  }
  return Math.floor(count / batchSize);
}

/** The images of batch `batch` (from 0): a view of `order`, shorter than `batchSize` only at the end of an epoch. */
export function batchIndices(order: Uint32Array, batchSize: number, batch: number): Uint32Array {
  return order.subarray(batch * batchSize, (batch + 1) * batchSize);
}
