import { StudioError } from '../../protocol/errors';
import { halfToNumber } from '../models/float16';

/** Bytes that can be read in part: a file, a stored member of a zip, or something unpacked into memory. */
export interface ByteSource {
  readonly size: number;
  /** Bytes `[start, end)`, fewer where the source ends before. */
  read(start: number, end: number): Promise<Uint8Array<ArrayBuffer>>;
}

/** How one element of an array is stored. */
export interface ElementType {
  readonly kind: 'bool' | 'unsigned' | 'signed' | 'float' | 'text';
  /** Bytes of an element; of text, all its characters together. */
  readonly bytes: number;
  readonly littleEndian: boolean;
  /** Bytes of a character of text: 4 (UTF-32, numpy's U) or 1 (numpy's S). */
  readonly characterBytes?: 1 | 4;
}

/** An array in a file, whose header has been read and fits the file's size. */
export interface ArrayFile {
  /** What the array is called: the member of an npz, or the file's name without its ending. */
  readonly key: string;
  /** For messages. */
  readonly path: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** True where the first index runs fastest. */
  readonly fortranOrder: boolean;
  readonly source: ByteSource;
  /** Where the elements begin in `source`. */
  readonly offset: number;
}

/** Elements as numbers, in the order of the file. */
export type Numbers = Uint8Array | Float64Array;

/** Elements that an array of this shape has. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/**
 * The array with its claims checked against the bytes that are there.
 * @throws StudioError `format/malformed` for impossible sizes, `file/truncated` where elements are missing.
 */
export function checkedArray(array: ArrayFile): ArrayFile {
  const { shape, type, source, offset, path } = array;
  const wanted = elementCount(shape) * type.bytes;
  if (!shape.every((size) => Number.isSafeInteger(size) && size >= 0) || !Number.isSafeInteger(wanted)) {
    throw new StudioError('format/malformed', `${path} claims an array of ${shape.join(' x ')} elements.`, {
      subject: path,
    });
  }
  if (offset + wanted > source.size) {
    throw new StudioError(
      'file/truncated',
      `${path} is cut off: its array of ${shape.join(' x ')} needs ${wanted} bytes and ${Math.max(0, source.size - offset)} are there.`,
      { subject: path },
    );
  }
  return array;
}

/**
 * `count` elements from element `first` on.
 * @throws StudioError `file/truncated` where the source has fewer, `format/unsupported` for text.
 */
export async function readNumbers(array: ArrayFile, first: number, count: number): Promise<Numbers> {
  const { type, source, offset, path } = array;
  const start = offset + first * type.bytes;
  const bytes = await source.read(start, start + count * type.bytes);
  if (bytes.length !== count * type.bytes) {
    throw new StudioError('file/truncated', `${path} ends inside its array.`, { subject: path });
  }
  return numbersOf(bytes, type, path);
}

function numbersOf(bytes: Uint8Array, type: ElementType, path: string): Numbers {
  const { kind, bytes: width, littleEndian: little } = type;
  if (width === 1 && (kind === 'unsigned' || kind === 'bool')) return bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const read = elementReader(view, kind, width, little);
  if (read === null) {
    throw new StudioError('format/unsupported', `${path} holds text where numbers are wanted.`, {
      subject: path,
    });
  }
  const out = new Float64Array(bytes.length / width);
  for (let i = 0; i < out.length; i++) out[i] = read(i * width);
  return out;
}

function elementReader(
  view: DataView,
  kind: ElementType['kind'],
  width: number,
  little: boolean,
): ((at: number) => number) | null {
  switch (`${kind}${width}`) {
    case 'signed1':
      return (at) => view.getInt8(at);
    case 'signed2':
      return (at) => view.getInt16(at, little);
    case 'signed4':
      return (at) => view.getInt32(at, little);
    case 'signed8':
      return (at) => Number(view.getBigInt64(at, little));
    case 'unsigned2':
      return (at) => view.getUint16(at, little);
    case 'unsigned4':
      return (at) => view.getUint32(at, little);
    case 'unsigned8':
      return (at) => Number(view.getBigUint64(at, little));
    case 'float2':
      return (at) => halfToNumber(view.getUint16(at, little));
    case 'float4':
      return (at) => view.getFloat32(at, little);
    case 'float8':
      return (at) => view.getFloat64(at, little);
    default:
      return null;
  }
}

/** Most texts that a list of class names may hold. */
const MAX_TEXTS = 100_000;

/** The texts of a one-dimensional array of them, without the zeros that pad them; null where it is no such array. */
export async function readTexts(array: ArrayFile): Promise<string[] | null> {
  const { type, shape, source, offset } = array;
  const [count] = shape;
  const { characterBytes } = type;
  if (characterBytes === undefined || shape.length !== 1 || count === undefined || count > MAX_TEXTS)
    return null;
  const bytes = await source.read(offset, offset + count * type.bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  for (let at = 0; at + type.bytes <= bytes.length && type.bytes > 0; at += type.bytes) {
    let text = '';
    for (let k = 0; k < type.bytes; k += characterBytes) {
      const code = characterBytes === 4 ? view.getUint32(at + k, type.littleEndian) : view.getUint8(at + k);
      if (code === 0 || code > 0x10ffff) break;
      text += String.fromCodePoint(code);
    }
    texts.push(text);
  }
  return texts;
}

/** A file read where it lies. */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    read: async (start, end) =>
      new Uint8Array(await blob.slice(start, Math.min(end, blob.size)).arrayBuffer()),
  };
}

/** Bytes in memory; what is read is a view of them. */
export function memorySource(bytes: Uint8Array<ArrayBuffer>): ByteSource {
  return { size: bytes.length, read: (start, end) => Promise.resolve(bytes.subarray(start, end)) };
}
