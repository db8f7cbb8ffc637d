import { PURPOSE, RandomStream } from '../../../data/random';

/** Which mask: the same key gives the same mask, whatever was drawn before. */
export interface DropoutKey {
  readonly seed: number;
  /** Training steps done before. */
  readonly step: number;
  /** The how-manieth mask of the step, from 0. */
  readonly layer: number;
}

/** A value is dropped where its random word (32 bits) is below this; exact, so that every adapter drops the same. */
export function dropBelow(rate: number): number {
  return Math.ceil(rate * 2 ** 32);
}

/**
 * What values are multiplied by: 0 for a share `rate` of them, 1 / (1 - rate) for the others. Value i takes word i of the stream
 * (seed, purpose, step and layer).
 * @param rate in [0, 1).
 */
export function dropoutMask({ seed, step, layer }: DropoutKey, rate: number, size: number): Float32Array {
  const stream = new RandomStream(seed, PURPOSE.dropout, layer * 2 ** 32 + step);
  const [below, kept] = [dropBelow(rate), 1 / (1 - rate)];
  return new Float32Array(size).map(() => (stream.uint32() < below ? 0 : kept));
}
