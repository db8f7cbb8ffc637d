import { PURPOSE, RandomStream } from '../../../data/random';
import { tf } from '../../tf';

/** Dropout's streams lie behind those of the start weights, which are counted from 0 too. */
const FIRST_STREAM = 2 ** 31;

/**
 * Seeded dropout in train mode: value i of the n-th mask since the network was built comes from stream n. A network that
 * is built anew starts again with the first mask.
 */
export class DropoutMasks {
  private drawn = 0;

  constructor(private readonly seed: number) {}

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
    const stream = new RandomStream(this.seed, PURPOSE.initialise, FIRST_STREAM + this.drawn++);
    const kept = 1 / (1 - rate);
    const mask = new Float32Array(x.size);
    for (let i = 0; i < mask.length; i++) mask[i] = stream.uniform() < rate ? 0 : kept;
    return tf.mul(x, tf.tensor(mask, x.shape));
  }
}
