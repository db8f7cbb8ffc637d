import { StudioError } from '../../protocol/errors';
import { checkedArray, type ArrayFile, type ByteSource, type ElementType } from './arrayFile';

/** numpy writes headers of 128 bytes; a longer one than this is hostile. */
const MAX_HEADER_BYTES = 2 ** 16;
/** Axes that numpy itself allows. */
const MAX_AXES = 32;

const MAGIC = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] as const;

/**
 * The array of an `.npy` file or member (format versions 1 to 3), its header read and nothing else.
 * @param key what the array is called, `path` what messages call it.
 * @throws StudioError `file/foreign`, `file/truncated`, `format/malformed`, `format/unsupported` (objects, records).
 */
export async function openNpy(source: ByteSource, key: string, path: string): Promise<ArrayFile> {
  const start = await source.read(0, 12);
  const subject = { subject: path };
  if (!MAGIC.every((byte, i) => start[i] === byte)) {
    throw new StudioError(
      'file/foreign',
      `${path} is not a numpy array: it does not begin like one.`,
      subject,
    );
  }
  if (start.length < 12) throw new StudioError('file/truncated', `${path} ends inside its header.`, subject);
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  const long = view.getUint8(6) > 1;
  const length = long ? view.getUint32(8, true) : view.getUint16(8, true);
  const from = long ? 12 : 10;
  if (length > MAX_HEADER_BYTES) {
    throw new StudioError('format/malformed', `${path} claims a header of ${length} bytes.`, subject);
  }
  const header = await source.read(from, from + length);
  if (header.length < length) {
    throw new StudioError('file/truncated', `${path} ends inside its header.`, subject);
  }
  const text = new TextDecoder('latin1').decode(header);
  const descr = /'descr'\s*:\s*'([^']{1,40})'/.exec(text)?.[1];
  const order = /'fortran_order'\s*:\s*(True|False)/.exec(text)?.[1];
  const shape = /'shape'\s*:\s*\(([\d\s,L]*)\)/.exec(text)?.[1];
  if (descr === undefined && /'descr'\s*:\s*\[/.test(text)) {
    throw new StudioError('format/unsupported', `${path} holds records, not an array of numbers.`, subject);
  }
  if (descr === undefined || order === undefined || shape === undefined) {
    throw new StudioError('format/malformed', `${path} has a header that numpy does not write.`, subject);
  }
  return checkedArray({
    key,
    path,
    type: elementType(descr, path),
    shape: sizes(shape, path),
    fortranOrder: order === 'True',
    source,
    offset: from + length,
  });
}

function sizes(text: string, path: string): number[] {
  const parts = text.split(',').map((part) => part.trim().replace(/L$/, ''));
  const found = parts.filter((part) => part !== '').map(Number);
  if (found.length > MAX_AXES || !found.every((size) => Number.isSafeInteger(size))) {
    throw new StudioError('format/malformed', `${path} has a shape that no array has.`, { subject: path });
  }
  return found;
}

const KINDS: Readonly<Record<string, ElementType['kind']>> = {
  b: 'bool',
  u: 'unsigned',
  i: 'signed',
  f: 'float',
  U: 'text',
  S: 'text',
  a: 'text',
};
const WIDTHS: Readonly<Record<ElementType['kind'], readonly number[]>> = {
  bool: [1],
  unsigned: [1, 2, 4, 8],
  signed: [1, 2, 4, 8],
  float: [2, 4, 8],
  text: [],
};
/** Characters of one text at most. */
const MAX_CHARACTERS = 4096;

function elementType(descr: string, path: string): ElementType {
  const [, order = '', letter = '', digits = ''] = /^([<>=|]?)([a-zA-Z])(\d*)$/.exec(descr) ?? [];
  const kind = KINDS[letter];
  const size = Number(digits);
  const littleEndian = order !== '>';
  if (kind === 'text' && size <= MAX_CHARACTERS) {
    const characterBytes = letter === 'U' ? 4 : 1;
    return { kind, bytes: size * characterBytes, littleEndian, characterBytes };
  }
  if (kind === undefined || !WIDTHS[kind].includes(size)) {
    const what = letter === 'O' ? 'Python objects, which are never run' : `elements of the kind "${descr}"`;
    throw new StudioError('format/unsupported', `${path} holds ${what}; numbers are wanted.`, {
      subject: path,
    });
  }
  return { kind, bytes: size, littleEndian };
}
