import { StudioError } from '../../protocol/errors';

/**
 * Longest newline-terminated argument of a text opcode. PyTorch writes names and small numbers this way; protocol 0
 * also writes whole strings so.
 */
const MAX_LINE_BYTES = 16 * 2 ** 20;

const utf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

/** Reads a pickle's bytes in order. Past the end it throws `file/truncated` naming the file. */
export class PickleCursor {
  private readonly view: DataView;

  constructor(
    private readonly bytes: Uint8Array,
    /** The next byte to read. */
    public at: number,
    private readonly name: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Claims `count` bytes and returns where they begin. */
  private claim(count: number): number {
    const start = this.at;
    if (count > this.bytes.length - start) {
      throw new StudioError(
        'file/truncated',
        `${this.name} ends in the middle of its pickle: it is cut off.`,
        {
          subject: this.name,
        },
      );
    }
    this.at = start + count;
    return start;
  }

  u8(): number {
    return this.view.getUint8(this.claim(1));
  }

  u16(): number {
    return this.view.getUint16(this.claim(2), true);
  }

  i32(): number {
    return this.view.getInt32(this.claim(4), true);
  }

  u32(): number {
    return this.view.getUint32(this.claim(4), true);
  }

  /** An 8-byte length. What does not fit a double exactly is far beyond any file and reads as past the end. */
  u64(): number {
    return Number(this.view.getBigUint64(this.claim(8), true));
  }

  /** Protocol 1's big-endian double. */
  f64(): number {
    return this.view.getFloat64(this.claim(8), false);
  }

  /** The next `count` bytes, not copied. */
  take(count: number): Uint8Array {
    const start = this.claim(count);
    return this.bytes.subarray(start, this.at);
  }

  /** The next `count` bytes as UTF-8. Lone surrogates (Python's surrogatepass) become U+FFFD. */
  utf8(count: number): string {
    return utf8.decode(this.take(count));
  }

  /** Bytes up to the next newline, which is consumed and left out. */
  line(): Uint8Array {
    const end = this.bytes.indexOf(10, this.at);
    const length = end < 0 ? this.bytes.length - this.at + 1 : end - this.at;
    if (length > MAX_LINE_BYTES) {
      throw new StudioError('format/malformed', `${this.name} holds an impossibly long line in its pickle.`, {
        subject: this.name,
      });
    }
    const line = this.take(length);
    this.at++;
    return line;
  }

  /** `line()` as UTF-8 text. */
  textLine(): string {
    return utf8.decode(this.line());
  }
}
