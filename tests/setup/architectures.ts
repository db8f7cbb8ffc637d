import type { StateDict } from '../../src/formats/models/stateDict';
import { readFixture } from './fixture';
import { hashed } from './hashed';
import { parseNpz } from './npz';
import { parseIndex, unpackState, type PackedTensor } from './packedState';

type Entry =
  | { readonly name: string; readonly json: readonly PackedTensor[] }
  | {
      readonly name: string;
      readonly shape: readonly number[];
      readonly dtype: string;
      readonly offset: number;
    };

/** One network of `tests/fixtures/nn/architectures.npz`. */
export interface ArchitectureFixture {
  readonly state: StateDict;
  /** NHWC. */
  readonly images: { readonly data: Float32Array; readonly shape: readonly number[] };
  readonly labels: readonly number[];
  /** Rows and columns between the pixels whose input gradient is stored. */
  readonly step: number;
  /** An array by its name, or null. */
  read(name: string): { readonly data: ArrayLike<number>; readonly shape: readonly number[] } | null;
  /** Names of the parameters whose gradients are stored whole. */
  readonly gradients: readonly string[];
}

/** Every network of the fixture by name. */
export async function readArchitectures(): Promise<ReadonlyMap<string, ArchitectureFixture>> {
  const arrays = parseNpz(await readFixture('nn/architectures.npz'));
  const index = parseIndex<Entry[]>(arrays.get('index')!.data);
  const names = [...new Set(index.map(({ name }) => name.slice(0, name.indexOf('/'))))];
  return new Map(names.map((name) => [name, fixtureOf(name, index, arrays)]));
}

function fixtureOf(
  name: string,
  index: readonly Entry[],
  arrays: ReadonlyMap<string, { readonly data: Float64Array }>,
): ArchitectureFixture {
  const own = new Map(
    index.flatMap((entry) => {
      const [network, ...rest] = entry.name.split('/');
      return network === name ? [[rest.join('/'), entry] as const] : [];
    }),
  );
  const read = (key: string) => {
    const entry = own.get(key);
    if (!entry || 'json' in entry) return null;
    const count = entry.shape.reduce((product, size) => product * size, 1);
    const { data } = arrays.get(entry.dtype)!;
    return { shape: entry.shape, data: data.subarray(entry.offset, entry.offset + count) };
  };
  const packed = own.get('state_index');
  if (!packed || !('json' in packed)) throw new Error(`${name} has no state`);
  const drawn = read('drawn')!.data[0]!;
  const shape = [...read('x_shape')!.data];
  const count = shape.reduce((product, size) => product * size, 1);
  const images = { shape, data: Float32Array.from(hashed(count, drawn), (q) => q / 64) };
  return {
    state: stateOf(packed.json),
    images,
    labels: Array.from({ length: shape[0]! }, (_, i) => (3 * i) % 7),
    step: Math.max(1, Math.floor(shape[1]! / 16)),
    read,
    gradients: [...own.keys()].filter((key) => key.startsWith('grad/')).map((key) => key.slice(5)),
  };
}

/** Counters are no part of the drawn numbers: they are 3. */
function stateOf(index: readonly PackedTensor[]): StateDict {
  let drawn = 0;
  const values = index.flatMap(({ shape, dtype }) => {
    if (dtype === 'int64') return [0];
    const count = shape.reduce((product, size) => product * size, 1);
    drawn += count;
    return [...hashed(count, drawn - count)];
  });
  return unpackState(index, values);
}
