/** The value of a leaf column's cell: null where it is absent. */
export type Cell = Uint8Array | number | null;

/** Physical types that are read. */
export type LeafType = 'BYTE_ARRAY' | 'INT32' | 'INT64';

/** Where a page's bytes are read; every read is checked against their end by `DataView`, which throws RangeError. */
export class PageReader {
  offset = 0;
  private readonly view: DataView;

  constructor(readonly bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint8(): number {
    return this.view.getUint8(this.offset++);
  }

  uint32(): number {
    const value = this.view.getUint32(this.offset, true);
    this.offset += 4;
    return value;
  }

  /** LEB128 of at most five bytes. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.uint8();
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number of more than five bytes');
  }

  take(length: number): Uint8Array {
    if (length < 0 || this.offset + length > this.bytes.length) throw new RangeError('beyond the page');
    const part = this.bytes.subarray(this.offset, this.offset + length);
    this.offset += length;
    return part;
  }

  cell(type: LeafType): Cell {
    if (type === 'BYTE_ARRAY') return this.take(this.uint32());
    const at = this.offset;
    this.offset += type === 'INT32' ? 4 : 8;
    return type === 'INT32' ? this.view.getInt32(at, true) : Number(this.view.getBigInt64(at, true));
  }
}

/**
 * `count` numbers of `width` bits in Parquet's run-length and bit-packed hybrid. A run longer than what is asked for is
 * cut, and an empty one is an error, so the work is bounded by `count`.
 */
export function readHybrid(reader: PageReader, width: number, count: number): Uint32Array {
  const out = new Uint32Array(count);
  if (width > 24) throw new RangeError(`numbers of ${width} bits`);
  for (let at = 0; at < count;) {
    const header = reader.varint();
    const length = Math.floor(header / 2);
    if (length === 0) throw new RangeError('an empty run');
    if (header % 2 === 0) {
      let value = 0;
      for (let k = 0; k < Math.ceil(width / 8); k++) value |= reader.uint8() << (8 * k);
      out.fill(value, at, at + length);
      at += length;
      continue;
    }
    const packed = reader.take(Math.min(length * width, reader.bytes.length - reader.offset));
    const values = Math.min(length * 8, count - at);
    if (packed.length * 8 < values * width) throw new RangeError('beyond the page');
    for (let i = 0; i < values; i++) out[at + i] = bitsAt(packed, i * width, width);
    at += values;
  }
  return out;
}

function bitsAt(bytes: Uint8Array, bit: number, width: number): number {
  const at = bit >> 3;
  const word =
    (bytes[at] ?? 0) +
    (bytes[at + 1] ?? 0) * 2 ** 8 +
    (bytes[at + 2] ?? 0) * 2 ** 16 +
    (bytes[at + 3] ?? 0) * 2 ** 24;
  return Math.floor(word / 2 ** (bit & 7)) % 2 ** width;
}

/** Values of a page, PLAIN or through a dictionary, with nulls where `levels` are below `maxLevel`. */
export function readCells(
  reader: PageReader,
  { type, encoding, dictionary }: { type: LeafType; encoding: string; dictionary: readonly Cell[] | null },
  levels: Uint32Array | null,
  maxLevel: number,
  count: number,
): Cell[] {
  const present =
    levels === null ? count : levels.reduce((sum, level) => sum + (level === maxLevel ? 1 : 0), 0);
  let next: () => Cell;
  if (encoding === 'PLAIN') next = () => reader.cell(type);
  else if (encoding === 'PLAIN_DICTIONARY' || encoding === 'RLE_DICTIONARY') {
    const width = present === 0 ? 0 : reader.uint8();
    const indices = width === 0 ? new Uint32Array(present) : readHybrid(reader, width, present);
    let at = 0;
    next = () => {
      const cell = dictionary?.[indices[at++] ?? -1];
      if (cell === undefined) throw new RangeError('beyond the dictionary');
      return cell;
    };
  } else throw new Error(`unsupported encoding: ${encoding}`);
  return Array.from({ length: count }, (_, i) => (levels === null || levels[i] === maxLevel ? next() : null));
}
