const N = 624;
const M = 397;

/**
 * numpy's legacy `RandomState(seed)` as far as `shuffle` needs it: MT19937 (Matsumoto and Nishimura 1998), seeded with
 * Knuth's multiplier as `init_genrand`, and masked rejection for bounded integers. The official code draws its label
 * map from it (METHODS 1.3), so a map has to come out of it number for number.
 */
export class NumpyRandomState {
  private readonly words = new Uint32Array(N);
  private position = N;

  /** @param seed integer in [0, 2^32). */
  constructor(seed: number) {
    let word = seed >>> 0;
    for (let i = 0; i < N; i++) {
      this.words[i] = word;
      word = (Math.imul(1812433253, word ^ (word >>> 30)) + i + 1) >>> 0;
    }
  }

  /** Uniform integer in [0, 2^32). */
  uint32(): number {
    if (this.position === N) this.twist();
    let y = this.words[this.position++] ?? 0;
    y ^= y >>> 11;
    y ^= (y << 7) & 0x9d2c5680;
    y ^= (y << 15) & 0xefc60000;
    y ^= y >>> 18;
    return y >>> 0;
  }

  /** Shuffles in place, as `RandomState.shuffle` does with an array of one dimension. */
  shuffle(values: number[]): void {
    for (let i = values.length - 1; i > 0; i--) {
      const j = this.interval(i);
      const held = values[i] ?? 0;
      values[i] = values[j] ?? 0;
      values[j] = held;
    }
  }

  /** Uniform in [0, max], by rejection under the smallest mask of ones that covers `max` (max below 2^32). */
  private interval(max: number): number {
    const mask = 0xffffffff >>> Math.clz32(max);
    let value = (this.uint32() & mask) >>> 0;
    while (value > max) value = (this.uint32() & mask) >>> 0;
    return value;
  }

  private twist(): void {
    const words = this.words;
    for (let i = 0; i < N; i++) {
      const y = ((words[i] ?? 0) & 0x80000000) | ((words[(i + 1) % N] ?? 0) & 0x7fffffff);
      const far = words[(i + M) % N] ?? 0;
      words[i] = far ^ (y >>> 1) ^ ((y & 1) === 1 ? 0x9908b0df : 0);
    }
    this.position = 0;
  }
}
