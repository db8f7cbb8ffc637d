import type { BoundNetwork } from '../../src/compute/nn/network';
import { traceNetwork } from '../../src/compute/nn/trace';
import type { StateDict, StateTensor } from '../../src/formats/models/stateDict';
import description from '../fixtures/parity/steps_224.json';
import { hashed } from '../setup/hashed';

/** Of a tensor: its norm, and at most `cap` of its values, evenly spread over PyTorch's order. */
export interface TensorSample {
  readonly norm: number;
  readonly values: readonly number[];
}

/** One recipe's steps in PyTorch: a history row is [classification, contrast, loss]. */
export interface Run224 {
  readonly recipe: string;
  readonly labels: readonly number[];
  readonly float32: readonly (readonly number[])[];
  readonly float64: readonly (readonly number[])[];
  readonly gradients: Readonly<Record<string, TensorSample>>;
  readonly end: Readonly<Record<string, TensorSample>>;
}

/** What `tests/fixtures/parity/make_224.py` wrote. */
export const fixture224 = { ...description, runs: description.runs as unknown as readonly Run224[] };

/** How `draw_weights` of the script drew a network's weights. */
export interface Drawing {
  /** Where in the hashed numbers they start. */
  readonly start: number;
  readonly gain: number;
  readonly linearGain: number;
  /** Filters are for three quarters the same number at every tap. */
  readonly smooth: boolean;
}

/** The weights that `draw_weights` of the script drew. */
export function drawnState(bound: BoundNetwork, { start, gain, linearGain, smooth }: Drawing): StateDict {
  const state = new Map<string, StateTensor>();
  let drawn = start;
  for (const { name, shape } of traceNetwork(bound).tensors) {
    if (name.endsWith('num_batches_tracked')) {
      state.set(name, { dtype: 'int64', shape, data: new Int32Array([0]) });
      continue;
    }
    const count = shape.reduce((product, size) => product * size, 1);
    const [offset, scale] = spreadOf(name, shape, shape.length === 2 ? linearGain : gain, smooth);
    let value = (q: number, _: number): number => offset + scale * q;
    if (smooth && shape.length === 4) {
      const taps = shape[2]! * shape[3]!;
      const pairs = hashed(count / taps, drawn);
      drawn += pairs.length;
      value = (q, i) => offset + scale * ((3 * pairs[Math.floor(i / taps)]! + q) / 4);
    }
    const data = Float32Array.from(hashed(count, drawn), value);
    state.set(name, { dtype: 'float32', shape, data });
    drawn += count;
  }
  return state;
}

function spreadOf(
  name: string,
  shape: readonly number[],
  gain: number,
  smooth: boolean,
): [offset: number, scale: number] {
  if (shape.length > 1) {
    const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
    const side = smooth ? (shape[2] ?? 1) : 1;
    return [0, gain / Math.sqrt(inputs * side) / 128];
  }
  if (name.endsWith('running_var')) return [1, 0.4 / 128];
  return name.endsWith('weight') ? [1, 0.2 / 128] : [0, 0.1 / 128];
}

const TILE = 32;

/** The images that `draw_images` of the script drew: uint8 [batch, side, side, 3]. */
export function drawnImages({ batch, side, imageStart }: typeof fixture224): Uint8Array {
  const tiles = side / TILE;
  const colours = hashed(batch * 3, imageStart);
  const blocks = hashed(batch * tiles * tiles * 3, imageStart + 1000);
  const noise = hashed(batch * side * side * 3, imageStart + 10_000);
  return Uint8Array.from(noise, (value, i) => {
    const [c, x] = [i % 3, Math.floor(i / 3) % side];
    const [y, n] = [Math.floor(i / (3 * side)) % side, Math.floor(i / (3 * side * side))];
    // Of the last two images only the noise differs.
    const as = Math.min(n, batch - 2);
    const tile = (as * tiles + Math.floor(y / TILE)) * tiles + Math.floor(x / TILE);
    return 128 + ((2 * colours[as * 3 + c]! + blocks[tile * 3 + c]! + value) >> 2);
  });
}

/** The values of a whole tensor at the positions of `sample`. */
export function atPositions(values: ArrayLike<number>, sample: TensorSample): number[] {
  const count = sample.values.length;
  return sample.values.map((_, i) => values[Math.floor((i * values.length) / count)] ?? NaN);
}

/** The Euclidean norm. */
export function normOf(values: ArrayLike<number>): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += (values[i] ?? NaN) ** 2;
  return Math.sqrt(squares);
}
