import { StudioError } from '../../protocol/errors';
import { decodeElements } from './elements';
import { dtypeOfNumpy } from './pickleNumpy';
import { BYTES_PER_ELEMENT, elementCount } from './pickleTensor';
import { NdArray, type StorageRef, TensorRef } from './pickleValues';
import type { StateDict, StateTensor } from './stateDict';

/** What a pickle can hold in a tensor's place. */
export type TensorValue = TensorRef | NdArray;

/** Where a pickle's storages lie. `read` gives a storage's bytes from its first element on (at least as many as asked). */
export interface StorageSource {
  readonly littleEndian: boolean;
  read(storage: StorageRef, neededBytes: number): Promise<Uint8Array>;
}

/**
 * Elements that a file may unfold to: views with stride 0 repeat values, so a file of a kilobyte can ask for
 * any amount. Real models stay below one element a byte; the floor leaves room for small expanded buffers.
 */
const MAX_ELEMENTS_PER_BYTE = 8;
const MIN_ELEMENT_ALLOWANCE = 2 ** 22;
/** 4 GiB as float32: beyond what a browser tab can hold or a GPU here can train. */
const MAX_ELEMENTS = 2 ** 30;

/**
 * Reads the values behind tensor views: strided and offset views come out in C order, each with its own
 * memory, and a storage shared by several tensors is read once. One storage at a time is held beside the result.
 */
export async function loadTensors(
  tensors: ReadonlyMap<string, TensorValue>,
  source: StorageSource,
  file: { readonly name: string; readonly sizeBytes: number },
): Promise<StateDict> {
  checkTotal(tensors, file);
  const loaded = new Map<string, StateTensor>();
  for (const group of byStorage(tensors)) {
    const needed = group.reduce((most, [, tensor]) => Math.max(most, neededBytes(tensor)), 0);
    const storage = group[0]?.[1].storage;
    if (storage === undefined) continue;
    const bytes = needed === 0 ? new Uint8Array(0) : await source.read(storage, needed);
    const decoded = new Map<string, StateTensor['data']>();
    for (const [key, tensor] of group) {
      const data = viewData(tensor, bytes, source.littleEndian, decoded);
      if (data === null) throw tooWide(file.name, key);
      loaded.set(key, { dtype: tensor.dtype, shape: tensor.shape, data });
    }
  }
  const state = new Map<string, StateTensor>();
  for (const [key, tensor] of tensors) {
    const value = tensor instanceof NdArray ? arrayTensor(tensor, file.name, key) : loaded.get(key);
    if (value !== undefined) state.set(key, value);
  }
  return state;
}

function checkTotal(
  tensors: ReadonlyMap<string, TensorValue>,
  file: { name: string; sizeBytes: number },
): void {
  const allowance = Math.min(
    MAX_ELEMENTS,
    Math.max(MIN_ELEMENT_ALLOWANCE, MAX_ELEMENTS_PER_BYTE * file.sizeBytes),
  );
  let total = 0;
  for (const tensor of tensors.values()) total += elementCount(tensor.shape) ?? Infinity;
  if (total > allowance) {
    throw new StudioError(
      'file/too-large',
      `${file.name} unfolds to ${total} numbers, far more than a file of its size should hold.`,
      { subject: file.name },
    );
  }
}

function byStorage(tensors: ReadonlyMap<string, TensorValue>): [string, TensorRef][][] {
  const groups = new Map<string, [string, TensorRef][]>();
  for (const [key, tensor] of tensors) {
    if (!(tensor instanceof TensorRef)) continue;
    const group = groups.get(tensor.storage.key);
    if (group === undefined) groups.set(tensor.storage.key, [[key, tensor]]);
    else group.push([key, tensor]);
  }
  return [...groups.values()];
}

/** The element after the last one that a view touches, counted from the storage's first. */
function viewEnd(tensor: TensorRef): number {
  if (tensor.shape.includes(0)) return 0;
  return tensor.shape.reduce(
    (end, size, axis) => end + (size - 1) * (tensor.strides[axis] ?? 0),
    viewStart(tensor) + 1,
  );
}

function viewStart(tensor: TensorRef): number {
  return tensor.storage.baseOffset + tensor.offset;
}

function neededBytes(tensor: TensorRef): number {
  return viewEnd(tensor) * BYTES_PER_ELEMENT[tensor.dtype];
}

function viewData(
  tensor: TensorRef,
  bytes: Uint8Array,
  littleEndian: boolean,
  decoded: Map<string, StateTensor['data']>,
): StateTensor['data'] | null {
  const size = BYTES_PER_ELEMENT[tensor.dtype];
  const start = viewStart(tensor);
  const count = elementCount(tensor.shape) ?? 0;
  if (isContiguous(tensor)) {
    return decodeElements(bytes.subarray(start * size, (start + count) * size), tensor.dtype, littleEndian);
  }
  const whole = decoded.get(tensor.dtype) ?? decodeElements(bytes, tensor.dtype, littleEndian);
  if (whole === null) return null;
  decoded.set(tensor.dtype, whole);
  return gather(whole, start, tensor.shape, tensor.strides, count);
}

function isContiguous(tensor: TensorRef): boolean {
  let expected = 1;
  for (let axis = tensor.shape.length - 1; axis >= 0; axis--) {
    const size = tensor.shape[axis] ?? 1;
    if (size !== 1 && tensor.strides[axis] !== expected) return elementCount(tensor.shape) === 0;
    expected *= size;
  }
  return true;
}

/** The elements of a strided view, last axis fastest. */
function gather(
  from: StateTensor['data'],
  start: number,
  shape: readonly number[],
  strides: readonly number[],
  count: number,
): StateTensor['data'] {
  const out =
    from instanceof Float32Array
      ? new Float32Array(count)
      : from instanceof Int32Array
        ? new Int32Array(count)
        : new Float64Array(count);
  const index = new Array<number>(shape.length).fill(0);
  let at = start;
  for (let i = 0; i < count; i++) {
    out[i] = from[at] ?? 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      const next = (index[axis] ?? 0) + 1;
      const size = shape[axis] ?? 1;
      const stride = strides[axis] ?? 0;
      if (next < size) {
        index[axis] = next;
        at += stride;
        break;
      }
      index[axis] = 0;
      at -= (size - 1) * stride;
    }
  }
  return out;
}

/** A numpy array as a tensor; throws `format/unsupported` for element types that a state_dict cannot hold. */
export function arrayTensor(array: NdArray, name: string, key: string): StateTensor {
  const dtype = dtypeOfNumpy(array.dtype);
  const count = elementCount(array.shape);
  if (dtype === null || count === null || array.bytes.length !== count * BYTES_PER_ELEMENT[dtype]) {
    throw new StudioError(
      'format/unsupported',
      `${name} holds a numpy array (${key}) of element type ${array.dtype.code}, which is not supported.`,
      { subject: name },
    );
  }
  const data = decodeElements(array.bytes, dtype, array.dtype.littleEndian);
  if (data === null) throw tooWide(name, key);
  if (!array.fortranOrder) return { dtype, shape: array.shape, data };
  let stride = 1;
  const strides = array.shape.map((size) => {
    const own = stride;
    stride *= size;
    return own;
  });
  return { dtype, shape: array.shape, data: gather(data, 0, array.shape, strides, count) };
}

function tooWide(name: string, key: string): StudioError {
  return new StudioError(
    'format/unsupported',
    `${name} holds an integer beyond 2^53 in ${key}, which cannot be kept exactly here.`,
    { subject: name },
  );
}
