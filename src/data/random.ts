/**
 * A counter-based generator (Philox 4x32-10, Salmon et al. 2011): the numbers of a stream depend on its key and
 * counter alone. Training draws from `stream(seed, purpose, step)`, so a resumed run continues with exactly the
 * numbers an uninterrupted one would have seen, and nothing has to be saved but the step.
 */
const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** What a stream is drawn for; part of the key, so that two uses never share numbers. */
export const PURPOSE = {
  shuffle: 1,
  augment: 2,
  initialise: 3,
  drawTrain: 4,
  drawTest: 5,
  poison: 6,
  sample: 7,
  tsne: 8,
  trigger: 9,
  labelMap: 10,
  poisonImage: 11,
  warpGrid: 12,
  adaptive: 20,
  dropout: 21,
} as const;

/** The high 32 bits of a 32x32-bit product. */
function multiplyHigh(a: number, b: number): number {
  const aHigh = a >>> 16;
  const aLow = a & 0xffff;
  const bHigh = b >>> 16;
  const bLow = b & 0xffff;
  const middle = aHigh * bLow + ((Math.imul(aLow, bLow) >>> 16) >>> 0);
  const low = aLow * bHigh + (middle % 0x10000);
  return (aHigh * bHigh + Math.floor(middle / 0x10000) + Math.floor(low / 0x10000)) >>> 0;
}

/**
 * One Philox 4x32-10 block, written into the four words of `out`. Arguments are scalars, because start weights of a large
 * transform take millions of blocks and an array for each is what the time would go to.
 */
function philoxInto(
  out: Uint32Array,
  c0: number,
  c1: number,
  c2: number,
  c3: number,
  k0: number,
  k1: number,
): void {
  for (let round = 0; round < 10; round++) {
    const high0 = multiplyHigh(M0, c0);
    const low0 = Math.imul(M0, c0) >>> 0;
    const high1 = multiplyHigh(M1, c2);
    const low1 = Math.imul(M1, c2) >>> 0;
    c0 = (high1 ^ c1 ^ k0) >>> 0;
    c1 = low1;
    c2 = (high0 ^ c3 ^ k1) >>> 0;
    c3 = low0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

/** One Philox 4x32-10 block. `counter` has four words, `key` two; returns four new words. */
export function philox(counter: readonly number[], key: readonly [number, number]): readonly number[] {
  const out = new Uint32Array(4);
  const [c0 = 0, c1 = 0, c2 = 0, c3 = 0] = counter;
  philoxInto(out, c0, c1, c2, c3, key[0], key[1]);
  return [...out];
}

/** A sequential view of one Philox stream. */
export class RandomStream {
  private block = 0;
  private readonly words = new Uint32Array(4);
  private position = 4;
  private spareNormal: number | null = null;

  /** @param seed any integer; @param purpose one of `PURPOSE`; @param index step, epoch or image index. */
  constructor(
    private readonly seed: number,
    private readonly purpose: number,
    private readonly index = 0,
  ) {}

  /** Uniform integer in [0, 2^32). */
  uint32(): number {
    if (this.position === 4) {
      const high = Math.floor(this.index / 2 ** 32) >>> 0;
      philoxInto(this.words, this.block++, this.index >>> 0, high, 0, this.seed >>> 0, this.purpose >>> 0);
      this.position = 0;
    }
    return this.words[this.position++] ?? 0;
  }

  /** Uniform in [0, 1) with 32 random bits. */
  uniform(low = 0, high = 1): number {
    return low + (high - low) * (this.uint32() / 2 ** 32);
  }

  /** Uniform integer in [0, bound), without modulo bias. */
  below(bound: number): number {
    const limit = 2 ** 32 - (2 ** 32 % bound);
    let value = this.uint32();
    while (value >= limit) value = this.uint32();
    return value % bound;
  }

  /** Standard normal (Box-Muller). */
  normal(): number {
    if (this.spareNormal !== null) {
      const spare = this.spareNormal;
      this.spareNormal = null;
      return spare;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.spareNormal = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  }

  /** Fisher-Yates in place. */
  shuffle<T extends { length: number; [index: number]: number }>(values: T): T {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.below(i + 1);
      const held = values[i] as number;
      values[i] = values[j] as number;
      values[j] = held;
    }
    return values;
  }
}
