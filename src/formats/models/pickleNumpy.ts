import { latin1Bytes } from './latin1';
import { asCounts, elementCount } from './pickleTensor';
import { type CallScope, NdArray, NumpyDType, type PickleValue } from './pickleValues';
import type { DType } from './stateDict';

/** numpy's plain dtype codes that a state_dict element type stands for. */
const DTYPE_OF_CODE: Readonly<Record<string, DType>> = {
  f8: 'float64', f4: 'float32', f2: 'float16', i8: 'int64', i4: 'int32', i2: 'int16', i1: 'int8', u1: 'uint8', b1: 'bool',
}; // prettier-ignore

/** The state_dict element type of a numpy dtype, or null for those that have none (u4, c8, strings, objects). */
export function dtypeOfNumpy(dtype: NumpyDType): DType | null {
  return DTYPE_OF_CODE[dtype.code] ?? null;
}

/** `numpy.dtype('f4', align, copy)`; structured and object dtypes come out with a code that nothing reads. */
export function makeNumpyDType(args: readonly PickleValue[], scope: CallScope): NumpyDType {
  const text = args[0] instanceof Uint8Array ? 'V' : args[0];
  if (typeof text !== 'string' || text.length > 64) throw scope.malformed('a numpy dtype has no name');
  const dtype = new NumpyDType(text.replace(/^[<>|=]/, ''));
  dtype.littleEndian = !text.startsWith('>');
  return dtype;
}

/** BUILD of a numpy dtype: `(version, byteorder, subdescr, names, fields, ...)`. */
export function setDTypeState(dtype: NumpyDType, state: PickleValue): void {
  if (Array.isArray(state) && state[1] === '>') dtype.littleEndian = false;
}

/** Bytes however a pickle carried them: bytes, or text with one character a byte. Null where it is neither. */
export function rawBytes(value: PickleValue | undefined, scope: CallScope): Uint8Array | null {
  if (value instanceof Uint8Array) return value;
  if (typeof value !== 'string') return null;
  scope.charge(value.length);
  return latin1Bytes(value);
}

/**
 * BUILD of an array: `(version, shape, dtype, is_fortran, data)`. Arrays of Python objects carry a list in place
 * of bytes and stay empty; every other dtype must have exactly the bytes that its shape needs.
 */
export function setArrayState(array: NdArray, state: PickleValue, scope: CallScope): void {
  const parts = Array.isArray(state) ? (state.length === 4 ? [1, ...state] : state) : [];
  const [, shapeValue, dtype, fortran, data] = parts;
  fillArray(array, shapeValue, dtype, data, scope);
  array.fortranOrder = fortran === true || fortran === 1;
}

/** `numpy.core.numeric._frombuffer(data, dtype, shape, order)`: how protocol 5 stores arrays. */
export function arrayFromBuffer(args: readonly PickleValue[], scope: CallScope): NdArray {
  const [data, dtype, shape, order] = args;
  const array = new NdArray();
  fillArray(array, shape, dtype, data, scope);
  array.fortranOrder = order === 'F';
  return array;
}

function fillArray(
  array: NdArray,
  shapeValue: PickleValue | undefined,
  dtype: PickleValue | undefined,
  data: PickleValue | undefined,
  scope: CallScope,
): void {
  const shape = asCounts(shapeValue);
  if (shape === null || !(dtype instanceof NumpyDType))
    throw scope.malformed('a numpy array has no shape or dtype');
  array.shape = shape;
  array.dtype = dtype;
  if (Array.isArray(data)) return;
  const bytes = rawBytes(data, scope);
  const count = elementCount(shape);
  if (bytes === null || count === null) throw scope.malformed('a numpy array has no readable data');
  const itemBytes = /^[a-zA-Z](\d+)$/.exec(dtype.code)?.[1];
  if (itemBytes !== undefined && /^[biufcS]/.test(dtype.code) && count * Number(itemBytes) !== bytes.length) {
    throw scope.malformed(
      `a numpy array of shape [${shape.join(', ')}] does not match its ${bytes.length} bytes of data`,
    );
  }
  array.bytes = bytes;
}

/**
 * `numpy.core.multiarray.scalar(dtype, bytes)` as a number (bigint beyond 2^53), or null for dtypes without
 * a plain value.
 */
export function numpyScalar(args: readonly PickleValue[], scope: CallScope): PickleValue {
  const [dtype, data] = args;
  const bytes = rawBytes(data, scope);
  if (!(dtype instanceof NumpyDType) || bytes === null) return null;
  const size = Number(dtype.code.slice(1));
  if (bytes.length !== size) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const le = dtype.littleEndian;
  switch (dtype.code) {
    case 'f8':
      return view.getFloat64(0, le);
    case 'f4':
      return view.getFloat32(0, le);
    case 'i8': {
      const value = view.getBigInt64(0, le);
      return BigInt.asIntN(54, value) === value ? Number(value) : value;
    }
    case 'i4':
      return view.getInt32(0, le);
    case 'i2':
      return view.getInt16(0, le);
    case 'i1':
      return view.getInt8(0);
    case 'u1':
      return view.getUint8(0);
    case 'b1':
      return view.getUint8(0) !== 0;
    default:
      return null;
  }
}
