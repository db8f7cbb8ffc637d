import { unzipSync } from 'fflate';

/** One array of a numpy archive, values widened to float64, C order. */
export interface NpyArray {
  readonly shape: readonly number[];
  readonly data: Float64Array;
}

const READERS: Readonly<
  Record<string, readonly [bytes: number, read: (view: DataView, at: number) => number]>
> = {
  '|u1': [1, (view, at) => view.getUint8(at)],
  '|i1': [1, (view, at) => view.getInt8(at)],
  '<i4': [4, (view, at) => view.getInt32(at, true)],
  '<i8': [8, (view, at) => Number(view.getBigInt64(at, true))],
  '<f4': [4, (view, at) => view.getFloat32(at, true)],
  '<f8': [8, (view, at) => view.getFloat64(at, true)],
};

function parseNpy(bytes: Uint8Array): NpyArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const long = (bytes[6] ?? 1) > 1;
  const headerLength = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const start = (long ? 12 : 10) + headerLength;
  const header = new TextDecoder().decode(bytes.subarray(long ? 12 : 10, start));
  const dtype = /'descr': '([^']+)'/.exec(header)?.[1] ?? '';
  const shape = (/'shape': \(([^)]*)\)/.exec(header)?.[1] ?? '')
    .split(',')
    .filter((part) => part.trim() !== '');
  const reader = READERS[dtype];
  if (!reader || header.includes("'fortran_order': True"))
    throw new Error(`npy of ${dtype} is not read here`);
  const sizes = shape.map(Number);
  const count = sizes.reduce((product, size) => product * size, 1);
  return {
    shape: sizes,
    data: Float64Array.from({ length: count }, (_, i) => reader[1](view, start + i * reader[0])),
  };
}

/** Every array of an `.npz` file's bytes, by name. Tests only. */
export function parseNpz(bytes: Uint8Array): ReadonlyMap<string, NpyArray> {
  const entries = Object.entries(unzipSync(bytes));
  return new Map(entries.map(([name, npy]) => [name.replace(/\.npy$/, ''), parseNpy(npy)]));
}

/** Reads the named arrays of an `.npz` file on disk. Tests only, Node only. */
export async function readNpz<K extends string>(
  path: string,
  names: readonly K[],
): Promise<Record<K, NpyArray>> {
  const { readFile } = await import('node:fs/promises');
  const entries = unzipSync(new Uint8Array(await readFile(path)), {
    filter: (file) => names.some((name) => file.name === `${name}.npy`),
  });
  const arrays = names.map((name): [K, NpyArray] => {
    const bytes = entries[`${name}.npy`];
    if (!bytes) throw new Error(`${path} has no array ${name}`);
    return [name, parseNpy(bytes)];
  });
  return Object.fromEntries(arrays) as Record<K, NpyArray>;
}
