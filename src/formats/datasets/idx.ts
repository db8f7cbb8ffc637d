import { StudioError } from '../../protocol/errors';
import { checkedArray, elementCount, type ArrayFile, type ByteSource, type ElementType } from './arrayFile';

/** The type byte of the IDX format (MNIST's). Numbers are big-endian. */
const TYPES: Readonly<Record<number, Pick<ElementType, 'kind' | 'bytes'>>> = {
  0x08: { kind: 'unsigned', bytes: 1 },
  0x09: { kind: 'signed', bytes: 1 },
  0x0b: { kind: 'signed', bytes: 2 },
  0x0c: { kind: 'signed', bytes: 4 },
  0x0d: { kind: 'float', bytes: 4 },
  0x0e: { kind: 'float', bytes: 8 },
};

/** Bytes of the longest header that is read: four axes. */
export const IDX_HEAD_BYTES = 20;

/** What the first bytes of an IDX file say, or null where they are not such. */
export interface IdxHeader {
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Where the elements begin. */
  readonly offset: number;
  /** Bytes that the whole file has, if it is one. */
  readonly fileBytes: number;
}

/** Two zero bytes, a type, the number of axes (1 to 4), the axes. No axis of a real file is 0. */
export function readIdxHeader(head: Uint8Array): IdxHeader | null {
  const type = TYPES[head[2] ?? 0];
  const axes = head[3] ?? 0;
  if (head[0] !== 0 || head[1] !== 0 || type === undefined || axes < 1 || axes > 4) return null;
  const offset = 4 + 4 * axes;
  if (head.length < offset) return null;
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const shape = Array.from({ length: axes }, (_, axis) => view.getUint32(4 + 4 * axis));
  if (shape.includes(0)) return null;
  const fileBytes = offset + elementCount(shape) * type.bytes;
  return { type: { ...type, littleEndian: false }, shape, offset, fileBytes };
}

/**
 * The array of an IDX file (unpacked, if it was a `.gz`).
 * @throws StudioError `format/malformed`, `file/truncated`.
 */
export async function openIdx(source: ByteSource, key: string, path: string): Promise<ArrayFile> {
  const header = readIdxHeader(await source.read(0, IDX_HEAD_BYTES));
  if (header === null) {
    throw new StudioError('format/malformed', `${path} does not begin as an IDX file does.`, {
      subject: path,
    });
  }
  const { type, shape, offset } = header;
  return checkedArray({ key, path, type, shape, fortranOrder: false, source, offset });
}
