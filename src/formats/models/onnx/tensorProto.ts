import { bfloat16ToNumber, halfToNumber } from '../float16';
import { elementCount } from '../pickleTensor';
import type { OnnxKind, OnnxTensor } from './onnxModel';
import { TensorProto_DataType as T, type TensorProto } from './onnx_pb';

/** How elements of a type are stored raw, and which field holds them where they are not. */
interface ElementType {
  readonly kind: OnnxKind;
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
  readonly typed: (tensor: TensorProto) => ArrayLike<number | bigint>;
  /** From a typed field's number to the value. */
  readonly convert?: (stored: number) => number;
}

const int32s = (tensor: TensorProto): ArrayLike<number> => tensor.int32Data;

const TYPES: Readonly<Partial<Record<T, ElementType>>> = {
  [T.FLOAT]: { kind: 'float', bytes: 4, read: (v, i) => v.getFloat32(i, true), typed: (t) => t.floatData },
  [T.DOUBLE]: { kind: 'float', bytes: 8, read: (v, i) => v.getFloat64(i, true), typed: (t) => t.doubleData },
  [T.FLOAT16]: {
    kind: 'float', bytes: 2, read: (v, i) => halfToNumber(v.getUint16(i, true)), typed: int32s, convert: halfToNumber,
  },
  [T.BFLOAT16]: {
    kind: 'float', bytes: 2, read: (v, i) => bfloat16ToNumber(v.getUint16(i, true)), typed: int32s, convert: bfloat16ToNumber,
  },
  [T.INT64]: { kind: 'int', bytes: 8, read: (v, i) => Number(v.getBigInt64(i, true)), typed: (t) => t.int64Data },
  [T.UINT64]: { kind: 'int', bytes: 8, read: (v, i) => Number(v.getBigUint64(i, true)), typed: (t) => t.uint64Data },
  [T.INT32]: { kind: 'int', bytes: 4, read: (v, i) => v.getInt32(i, true), typed: int32s },
  [T.UINT32]: { kind: 'int', bytes: 4, read: (v, i) => v.getUint32(i, true), typed: (t) => t.uint64Data },
  [T.INT16]: { kind: 'int', bytes: 2, read: (v, i) => v.getInt16(i, true), typed: int32s },
  [T.UINT16]: { kind: 'int', bytes: 2, read: (v, i) => v.getUint16(i, true), typed: int32s },
  [T.INT8]: { kind: 'int', bytes: 1, read: (v, i) => v.getInt8(i), typed: int32s },
  [T.UINT8]: { kind: 'int', bytes: 1, read: (v, i) => v.getUint8(i), typed: int32s },
  [T.BOOL]: { kind: 'bool', bytes: 1, read: (v, i) => (v.getUint8(i) === 0 ? 0 : 1), typed: int32s },
}; // prettier-ignore

/** Where float32 lies in memory as it does in files. */
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

/** Integers take eight bytes each here; only quantised networks, which are not supported, have so many. */
const MAX_INTEGERS = 1 << 24;

/** Why a tensor cannot be read: the sentence's end, after the file's and the tensor's names. */
export class TensorProblem extends Error {
  override readonly name = 'TensorProblem';
  constructor(
    message: string,
    readonly unsupported = false,
  ) {
    super(message);
  }
}

/** The kind of an element type's numbers, or null where it is not supported. */
export function kindOf(dataType: number): OnnxKind | null {
  return elementType(dataType)?.kind ?? null;
}

function elementType(dataType: number): ElementType | undefined {
  return Object.hasOwn(TYPES, dataType) ? TYPES[dataType as T] : undefined;
}

/** Shape and bytes of a tensor, before its values are looked at. @throws TensorProblem. */
export function layoutOf(tensor: TensorProto): {
  readonly shape: number[];
  readonly count: number;
  readonly bytes: number;
} {
  const type = elementType(tensor.dataType);
  if (!type)
    throw new TensorProblem(`is of element type ${typeName(tensor.dataType)}, which is not supported`, true);
  if (tensor.segment) throw new TensorProblem('is stored in segments, which is not supported', true);
  if (tensor.dims.length > 8) throw new TensorProblem(`has ${tensor.dims.length} dimensions`, true);
  const shape = tensor.dims.map(Number);
  if (shape.some((size) => size < 0)) throw new TensorProblem('has a negative dimension');
  const count = elementCount(shape);
  if (count === null) throw new TensorProblem(`of shape [${shape.join(', ')}] is impossibly large`);
  if (type.kind !== 'float' && count > MAX_INTEGERS)
    throw new TensorProblem(`holds ${count} integers; quantised networks are not supported`, true);
  return { shape, count, bytes: count * type.bytes };
}

/**
 * The values of a tensor. @param external its bytes where they lie in another file. Sizes are checked against what is there before
 * anything is allocated. @throws TensorProblem.
 */
export function decodeTensor(tensor: TensorProto, external: Uint8Array | null): OnnxTensor {
  const { shape, count, bytes } = layoutOf(tensor);
  const type = elementType(tensor.dataType);
  if (!type) throw new TensorProblem('is of an unsupported element type', true);
  const raw = external ?? (tensor.rawData.length > 0 ? tensor.rawData : null);
  const typed = type.typed(tensor);
  const present = raw ? raw.length : typed.length;
  if (present !== (raw ? bytes : count)) {
    throw new TensorProblem(
      `of shape [${shape.join(', ')}] needs ${raw ? bytes : count} ${raw ? 'bytes' : 'values'} and has ${present}`,
    );
  }
  if (raw && type.kind === 'float' && type.bytes === 4 && LITTLE_ENDIAN)
    return { kind: type.kind, shape, data: new Float32Array(raw.slice().buffer) };
  const data = type.kind === 'float' ? new Float32Array(count) : new Float64Array(count);
  if (raw) {
    const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
    for (let i = 0; i < count; i++) data[i] = type.read(view, i * type.bytes);
  } else {
    const { convert } = type;
    for (let i = 0; i < count; i++) {
      const stored = Number(typed[i] ?? 0);
      data[i] = convert ? convert(stored & 0xffff) : stored;
    }
  }
  return { kind: type.kind, shape, data };
}

function typeName(dataType: number): string {
  return (T as Readonly<Record<number, string | undefined>>)[dataType] ?? String(dataType);
}
