import type { StateDict, StateTensor } from '../../src/formats/models/stateDict';
import type { BoundNetwork } from '../../src/compute/nn/network';
import { traceNetwork } from '../../src/compute/nn/trace';
import { NumpyRandomState } from '../../src/compute/refine/mt19937';
import { readFixture } from '../setup/fixture';
import description from '../fixtures/parity/steps.json';

/** What `tests/fixtures/parity/make.py` wrote about its runs. */
export const fixture = description;

interface ArrayEntry {
  readonly dtype: string;
  readonly offset: number;
  readonly length: number;
  readonly stride?: number;
  readonly scale?: number;
}

/** Every `stride`-th value of a tensor, as the script stored it. */
export interface Sample {
  readonly stride: number;
  readonly values: Float32Array;
}

/** The arrays of `steps.bin`. */
export class FixtureArrays {
  private constructor(private readonly buffer: ArrayBuffer) {}

  static async load(): Promise<FixtureArrays> {
    return new FixtureArrays((await readFixture('parity/steps.bin')).buffer);
  }

  /** The four drawn images, uint8 [4, 32, 32, 3]. */
  images(): Uint8Array {
    const { offset, length } = this.entry('images');
    return new Uint8Array(this.buffer, offset, length);
  }

  floats(name: string): Float32Array {
    const { offset, length } = this.entry(name);
    return new Float32Array(this.buffer, offset, length);
  }

  has(name: string): boolean {
    return Object.hasOwn(fixture.arrays, name);
  }

  /** A float16 sample, widened and scaled back. */
  sample(name: string): Sample {
    const { offset, length, stride = 1, scale = 1 } = this.entry(name);
    const halves = new Uint16Array(this.buffer, offset, length);
    return { stride, values: Float32Array.from(halves, (half) => widen(half) * scale) };
  }

  names(prefix: string): string[] {
    return Object.keys(fixture.arrays).filter((name) => name.startsWith(prefix));
  }

  private entry(name: string): ArrayEntry {
    const entry = (fixture.arrays as Readonly<Record<string, ArrayEntry>>)[name];
    if (!entry) throw new Error(`the fixture has no ${name}`);
    return entry;
  }
}

/** Every `stride`-th element of `values`. */
export function thin(values: ArrayLike<number>, stride: number): number[] {
  return Array.from({ length: Math.ceil(values.length / stride) }, (_, i) => values[i * stride] ?? NaN);
}

function widen(half: number): number {
  const exponent = (half >> 10) & 31;
  const fraction = half & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return half & 0x8000 ? -magnitude : magnitude;
}

/** The weights that `seed_weights` of the script drew: the same words, in the same order. */
export function seededState(
  bound: BoundNetwork,
  seed: number,
  linearGain: number,
  buffer: (name: string) => Float32Array | null,
): StateDict {
  const random = new NumpyRandomState(seed);
  const state = new Map<string, StateTensor>();
  for (const { name, shape } of traceNetwork(bound).tensors) {
    const size = shape.reduce((a, b) => a * b, 1);
    if (name.endsWith('num_batches_tracked')) {
      state.set(name, { dtype: 'int64', shape, data: new Int32Array([0]) });
      continue;
    }
    if (name.includes('running')) {
      const data = buffer(name) ?? new Float32Array(size).fill(name.endsWith('var') ? 1 : 0);
      state.set(name, { dtype: 'float32', shape, data });
      continue;
    }
    const fanIn = size / (shape[0] ?? 1);
    const limit = (name.includes('linear') ? linearGain : 1) / Math.sqrt(fanIn);
    const [centre, spread] = shape.length > 1 ? [0, limit] : name.endsWith('weight') ? [1, 0.2] : [0, 0.1];
    const drawn = Float32Array.from({ length: size }, () => {
      return centre + spread * ((random.uint32() / 2 ** 32) * 2 - 1);
    });
    state.set(name, { dtype: 'float32', shape, data: buffer(name) ?? drawn });
  }
  return state;
}
