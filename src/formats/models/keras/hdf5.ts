import type * as Hdf5Module from 'h5wasm';
import type { Dataset, File as Hdf5File } from 'h5wasm';
import { StudioError } from '../../../protocol/errors';
import type { DType, StateTensor } from '../stateDict';
import { heapsEnd } from './hdf5Structure';

/** Weights one file may hold as numbers: 2 GiB of float32, what 32-bit wasm can pass on at most. */
const MAX_NUMBERS = 2 ** 29;
/** HDF5's deflate and shuffle keep below this; more is a file made to unfold. */
const MAX_NUMBERS_PER_BYTE = 64;
const NUMBERS_FLOOR = 2 ** 22;
/** Texts and name lists in attributes: the longest configurations are some megabytes. */
const MAX_ATTRIBUTE_BYTES = 64 * 2 ** 20;

/** An HDF5 file that is open. What it gives are copies; errors are `StudioError`s that name the file. */
export interface Hdf5Reader {
  /** A text attribute of a group, or null where there is none. */
  text(path: string, name: string): string | null;
  /** A list of texts, over as many attributes as Keras split it into (`name`, or `name0`, `name1`, ...). */
  texts(path: string, name: string): readonly string[] | null;
  /** Names in a group, or null where there is no such group. */
  keys(path: string): readonly string[] | null;
  /** A data set as a tensor, or null where there is none. @throws `format/unsupported`, `file/too-large`. */
  tensor(path: string): StateTensor | null;
}

type Hdf5Library = typeof Hdf5Module;

/**
 * After a trap the library's memory is put back as it was when it was new. What the trap left on the wasm stack cannot be
 * taken off from here, so that this is done a few times only.
 */
const MAX_TRAPS = 8;

let counter = 0;
let traps = 0;
let fresh: Uint8Array | null = null;

/** The HDF5 library (4 MB of wasm), loaded when the first such file comes. */
async function library(): Promise<Hdf5Library> {
  const loaded = await import('h5wasm');
  const module = await loaded.ready;
  fresh ??= withoutZeros(memoryOf(module));
  return loaded;
}

/** The wasm memory of the library, which its types do not mention. */
function memoryOf(module: object): Uint8Array {
  const memory = 'HEAPU8' in module ? module.HEAPU8 : null;
  if (!(memory instanceof Uint8Array)) throw new Error('The HDF5 reader shows no memory.');
  return memory;
}

/** A copy up to the last byte that is not zero. */
function withoutZeros(memory: Uint8Array): Uint8Array {
  let end = memory.length;
  while (end > 0 && memory[end - 1] === 0) end -= 1;
  return memory.slice(0, end);
}

/** Puts the library's memory back as it was before the first file. */
function restart({ Module }: Hdf5Library): void {
  if (fresh === null) return;
  traps += 1;
  const memory = memoryOf(Module);
  memory.set(fresh);
  memory.fill(0, fresh.length);
}

/**
 * Opens HDF5 bytes, lets `use` read, and closes. Whatever goes wrong inside the library is the file's fault, told with its name.
 *
 * @param name the file's path, for errors.
 * @throws StudioError `format/malformed`, and what `use` throws.
 */
export async function readHdf5<T>(bytes: Uint8Array, name: string, use: (file: Hdf5Reader) => T): Promise<T> {
  const malformed = (cause?: unknown): StudioError =>
    new StudioError('format/malformed', `${name} is a damaged HDF5 file: its parts cannot be read.`, {
      subject: name,
      ...(cause === undefined ? {} : { cause }),
    });
  if (traps >= MAX_TRAPS)
    throw new StudioError(
      'file/unreadable',
      `${name} cannot be read: damaged files stopped the HDF5 reader; reload the page.`,
      { subject: name },
    );
  if (!heapsEnd(bytes)) throw malformed();
  const h5wasm = await library();
  const { FS } = h5wasm;
  if (FS === null) throw malformed();
  const path = `/model-${(counter += 1)}.h5`;
  let file: Hdf5File | null = null;
  let trapped = false;
  try {
    FS.writeFile(path, bytes);
    file = new h5wasm.File(path, 'r');
    return use(new Reader(h5wasm, file, name, bytes.length));
  } catch (error) {
    if (error instanceof StudioError) throw error;
    trapped = error instanceof WebAssembly.RuntimeError;
    throw malformed(error);
  } finally {
    if (trapped) restart(h5wasm);
    try {
      if (!trapped) file?.close();
      FS.unlink(path);
    } catch {
      // What could not be opened cannot be closed.
    }
  }
}

class Reader implements Hdf5Reader {
  private allowance: number;

  constructor(
    private readonly h5wasm: Hdf5Library,
    private readonly file: Hdf5File,
    private readonly name: string,
    sizeBytes: number,
  ) {
    this.allowance = Math.min(MAX_NUMBERS, Math.max(NUMBERS_FLOOR, MAX_NUMBERS_PER_BYTE * sizeBytes));
  }

  text(path: string, name: string): string | null {
    const [text] = this.strings(path, name) ?? [];
    return text ?? null;
  }

  texts(path: string, name: string): readonly string[] | null {
    const whole = this.strings(path, name);
    if (whole !== null) return whole;
    const parts: string[] = [];
    for (let i = 0; ; i++) {
      const part = this.strings(path, `${name}${i}`);
      if (part === null) return i === 0 ? null : parts;
      parts.push(...part);
    }
  }

  keys(path: string): readonly string[] | null {
    const entity = this.entity(path);
    return entity instanceof this.h5wasm.Group ? entity.keys() : null;
  }

  tensor(path: string): StateTensor | null {
    const entity = this.entity(path);
    if (!(entity instanceof this.h5wasm.Dataset)) return null;
    const shape = entity.shape ?? [];
    const count = shape.reduce((product, side) => product * side, 1);
    this.allowance -= count;
    if (this.allowance < 0)
      throw new StudioError(
        'file/too-large',
        `${this.name} unfolds to more numbers than a file of its size should hold.`,
        { subject: this.name },
      );
    const read = this.numbers(entity, path);
    if (read.data.length !== count) throw new Error(`${path} has ${read.data.length} of ${count} numbers.`);
    return { ...read, shape: [...shape] };
  }

  private numbers(dataset: Dataset, path: string): Pick<StateTensor, 'dtype' | 'data'> {
    const { dtype } = dataset;
    const kind = typeof dtype === 'string' ? dtype.replace(/^[<>|=]/, '') : '';
    const stored = TYPES[kind];
    if (stored === undefined || (typeof dtype === 'string' && dtype.startsWith('>')))
      throw new StudioError(
        'format/unsupported',
        `${this.name}: the weights ${path} have an element type that is not supported (${JSON.stringify(dtype)}).`,
        { subject: this.name },
      );
    const value: unknown = dataset.value;
    if (!ArrayBuffer.isView(value)) {
      const one = Number(value);
      if (value === null || !Number.isFinite(one)) throw new Error(`${path} holds no numbers.`);
      return { dtype: stored, data: Float32Array.of(one) };
    }
    if (value instanceof Float32Array) return { dtype: stored, data: value.slice() };
    return { dtype: stored, data: Float32Array.from(value as unknown as ArrayLike<number | bigint>, Number) };
  }

  private entity(path: string): unknown {
    return path === '' || path === '/' ? this.file : this.file.get(path);
  }

  private strings(path: string, name: string): string[] | null {
    const entity = this.entity(path);
    if (!(entity instanceof this.h5wasm.Group)) return null;
    const attribute = entity.attrs[name];
    if (attribute === undefined) return null;
    const { metadata } = attribute;
    if (metadata.total_size * Math.max(1, metadata.size) > MAX_ATTRIBUTE_BYTES)
      throw new Error(`${name} is too long.`);
    const value: unknown = attribute.value;
    const list: readonly unknown[] = Array.isArray(value) ? value : [value];
    return list.every((one) => typeof one === 'string') ? [...list] : null;
  }
}

/** h5wasm's letters for element types. */
const TYPES: Readonly<Record<string, DType | undefined>> = {
  f: 'float32',
  d: 'float64',
  q: 'int64',
  i: 'int32',
  h: 'int16',
  b: 'int8',
  B: 'uint8',
};
