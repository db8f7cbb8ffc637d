import type { InputFile } from '../../input';
import { halfToNumber } from '../float16';
import { StudioError } from '../../../protocol/errors';
import type { DType, StateTensor } from '../stateDict';
import { asList, asNumber, asObject, asText, type Json, type JsonObject } from '../keras/json';

/** What every TensorFlow.js model file says of its weights. */
export interface Manifest {
  readonly tensors: ReadonlyMap<string, StateTensor>;
}

interface Spec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** Type of the numbers in the file, where they are quantised: value = number * scale + min. */
  readonly stored: keyof typeof STORED;
  readonly scale: number;
  readonly min: number;
}

/** Bytes a number takes in the file. */
const STORED = { float32: 4, int32: 4, bool: 1, float16: 2, uint8: 1, uint16: 2 } as const;
const MAX_SHARDS = 4096;

/**
 * Reads the weights that a `weightsManifest` lists out of the files that came along, found by their names.
 *
 * @throws StudioError `file/missing` naming a shard that did not come, `file/truncated` where the shards are too short,
 * `format/malformed` and `format/unsupported` for a list that cannot be.
 */
export async function readManifest(
  manifest: Json | undefined,
  file: InputFile,
  beside: readonly InputFile[],
): Promise<Map<string, StateTensor>> {
  const groups = asList(manifest)?.map(asObject) ?? [];
  const tensors = new Map<string, StateTensor>();
  const used = new Set<InputFile>();
  let shards = 0;
  for (const group of groups) {
    const paths = asList(group?.['paths'])?.map(asText) ?? [];
    const specs = (asList(group?.['weights']) ?? []).map((spec) => specOf(asObject(spec), file));
    shards += paths.length;
    if (shards > MAX_SHARDS) throw bad(file, 'lists thousands of weight files');
    const parts = paths.map((path) => {
      const shard = shardOf(path, file, beside);
      // Each byte of a file is a weight once: a list may not make gigabytes of one small file.
      if (used.has(shard)) throw bad(file, `lists the weight file ${shard.path} twice`);
      used.add(shard);
      return shard.blob;
    });
    const whole = new Blob(parts);
    let at = 0;
    for (const spec of specs) {
      const bytes = count(spec.shape) * STORED[spec.stored];
      if (at + bytes > whole.size)
        throw new StudioError(
          'file/truncated',
          `${file.path}: the weight files end before ${spec.name}: ${whole.size} bytes, but at least ${at + bytes} are needed.`,
          { subject: file.path },
        );
      tensors.set(spec.name, decode(new Uint8Array(await whole.slice(at, at + bytes).arrayBuffer()), spec));
      at += bytes;
    }
  }
  return tensors;
}

function bad(file: InputFile, what: string): StudioError {
  return new StudioError('format/malformed', `${file.path} ${what}.`, { subject: file.path });
}

function count(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** The file of a shard: the same path beside the model, else the only one of that name. */
function shardOf(path: string | null, file: InputFile, beside: readonly InputFile[]): InputFile {
  if (path === null) throw bad(file, 'lists a weight file without a name');
  const folder = file.path.slice(0, file.path.lastIndexOf('/') + 1);
  const name = path.slice(path.lastIndexOf('/') + 1);
  const found =
    beside.find((one) => one.path === folder + path) ??
    beside.find((one) => one.path.slice(one.path.lastIndexOf('/') + 1) === name);
  if (found !== undefined) return found;
  throw new StudioError(
    'file/missing',
    `${file.path} keeps its weights in ${path}, which did not come with it: drop the files together.`,
    { subject: file.path },
  );
}

function specOf(spec: JsonObject | null, file: InputFile): Spec {
  const name = asText(spec?.['name']);
  const shape = asList(spec?.['shape'])?.map((side) => asNumber(side) ?? -1);
  const dtype = asText(spec?.['dtype']);
  if (name === null || shape === undefined || !shape.every((side) => Number.isSafeInteger(side) && side >= 0))
    throw bad(file, `lists a weight ${name ?? 'without a name'} of no possible shape`);
  if (!Number.isSafeInteger(count(shape))) throw bad(file, `lists a weight ${name} of absurd size`);
  const quantization = asObject(spec?.['quantization']);
  const stored = asText(quantization?.['dtype']) ?? dtype ?? '';
  if (!isStored(stored) || (dtype !== 'float32' && dtype !== 'int32' && dtype !== 'bool'))
    throw new StudioError(
      'format/unsupported',
      `${file.path}: the weight ${name} has the element type ${stored || 'none'}, which is not supported.`,
      { subject: file.path },
    );
  return {
    name,
    shape,
    dtype,
    stored,
    scale: asNumber(quantization?.['scale']) ?? 1,
    min: asNumber(quantization?.['min']) ?? 0,
  };
}

function isStored(name: string): name is keyof typeof STORED {
  return Object.hasOwn(STORED, name);
}

function decode(bytes: Uint8Array, { shape, dtype, stored, scale, min }: Spec): StateTensor {
  const numbers = rawNumbers(bytes, stored);
  if (stored === 'float16')
    return { dtype: 'float16', shape, data: Float32Array.from(numbers, halfToNumber) };
  if (stored === 'uint8' || stored === 'uint16')
    return { dtype, shape, data: Float32Array.from(numbers, (one) => one * scale + min) };
  return { dtype, shape, data: numbers instanceof Float32Array ? numbers : Int32Array.from(numbers) };
}

function rawNumbers(
  bytes: Uint8Array,
  stored: Spec['stored'],
): Float32Array | Int32Array | Uint16Array | Uint8Array {
  const { buffer, byteOffset, byteLength } = bytes;
  const own = buffer.slice(byteOffset, byteOffset + byteLength);
  if (stored === 'float32') return new Float32Array(own);
  if (stored === 'int32') return new Int32Array(own);
  return stored === 'float16' || stored === 'uint16' ? new Uint16Array(own) : new Uint8Array(own);
}
