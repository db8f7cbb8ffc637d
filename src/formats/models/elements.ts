import { bfloat16ToNumber, halfToNumber, numberToBfloat16, numberToHalf } from './float16';
import { BYTES_PER_ELEMENT } from './pickleTensor';
import type { DType, StateTensor } from './stateDict';

/** Whether this machine stores numbers low byte first (all that browsers run on today do). */
const HOST_LITTLE_ENDIAN = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;

/**
 * Stored elements as numbers, in stored order: floating types as float32 (float64 is narrowed), integers as
 * int32, or as float64 where an int64 does not fit int32. Returns null where an int64 is beyond 2^53, which
 * a float64 cannot hold. `bytes.length` must be a multiple of the element size.
 */
export function decodeElements(
  bytes: Uint8Array,
  dtype: DType,
  littleEndian = true,
): StateTensor['data'] | null {
  const count = Math.floor(bytes.length / BYTES_PER_ELEMENT[dtype]);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  switch (dtype) {
    case 'float32':
      return decodeFloat32(bytes, view, count, littleEndian);
    case 'float64':
      return fill(new Float32Array(count), (i) => view.getFloat64(8 * i, littleEndian));
    case 'float16':
      return fill(new Float32Array(count), (i) => halfToNumber(view.getUint16(2 * i, littleEndian)));
    case 'bfloat16':
      return fill(new Float32Array(count), (i) => bfloat16ToNumber(view.getUint16(2 * i, littleEndian)));
    case 'int64':
      return decodeInt64(view, count, littleEndian);
    case 'int32':
      return fill(new Int32Array(count), (i) => view.getInt32(4 * i, littleEndian));
    case 'int16':
      return fill(new Int32Array(count), (i) => view.getInt16(2 * i, littleEndian));
    case 'int8':
      return fill(new Int32Array(count), (i) => view.getInt8(i));
    case 'uint8':
      return Int32Array.from(bytes);
    case 'bool':
      return Int32Array.from(bytes, (byte) => (byte === 0 ? 0 : 1));
  }
}

function decodeFloat32(
  bytes: Uint8Array,
  view: DataView,
  count: number,
  littleEndian: boolean,
): Float32Array {
  if (littleEndian === HOST_LITTLE_ENDIAN) {
    // A copy of exactly these bytes: aligned, and not holding a larger buffer alive.
    return new Float32Array(bytes.slice(0, 4 * count).buffer);
  }
  return fill(new Float32Array(count), (i) => view.getFloat32(4 * i, littleEndian));
}

function fill<T extends Float32Array | Int32Array>(out: T, read: (index: number) => number): T {
  for (let i = 0; i < out.length; i++) out[i] = read(i);
  return out;
}

function decodeInt64(view: DataView, count: number, littleEndian: boolean): Int32Array | Float64Array | null {
  const wide = new Float64Array(count);
  let fits = true;
  for (let i = 0; i < count; i++) {
    const value = Number(view.getBigInt64(8 * i, littleEndian));
    if (!Number.isSafeInteger(value)) return null;
    fits &&= value === (value | 0);
    wide[i] = value;
  }
  return fits ? Int32Array.from(wide) : wide;
}

/** A tensor's values as its dtype stores them, little-endian, in C order. The inverse of `decodeElements`. */
export function encodeElements(tensor: StateTensor): Uint8Array {
  const { data, dtype } = tensor;
  const size = BYTES_PER_ELEMENT[dtype];
  if (dtype === 'float32' && HOST_LITTLE_ENDIAN && data instanceof Float32Array) {
    return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
  }
  const bytes = new Uint8Array(data.length * size);
  const view = new DataView(bytes.buffer);
  const put = ELEMENT_WRITERS[dtype];
  for (let i = 0; i < data.length; i++) put(view, i * size, data[i] ?? 0);
  return bytes;
}

const ELEMENT_WRITERS: Readonly<Record<DType, (view: DataView, at: number, value: number) => void>> = {
  float64: (view, at, value) => view.setFloat64(at, value, true),
  float32: (view, at, value) => view.setFloat32(at, value, true),
  float16: (view, at, value) => view.setUint16(at, numberToHalf(value), true),
  bfloat16: (view, at, value) => view.setUint16(at, numberToBfloat16(value), true),
  int64: (view, at, value) => view.setBigInt64(at, BigInt(value), true),
  int32: (view, at, value) => view.setInt32(at, value, true),
  int16: (view, at, value) => view.setInt16(at, value, true),
  int8: (view, at, value) => view.setInt8(at, value),
  uint8: (view, at, value) => view.setUint8(at, value),
  bool: (view, at, value) => view.setUint8(at, value === 0 ? 0 : 1),
};
