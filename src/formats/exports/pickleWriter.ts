/**
 * Writes the few protocol-2 instructions that torch's own files are made of, so that its restricted loader
 * (`weights_only=True`) takes them. Methods return the writer.
 */
export class PickleWriter {
  private readonly parts: Uint8Array[] = [];
  private readonly encoder = new TextEncoder();

  constructor() {
    this.code(0x80, 2);
  }

  /** Instructions and bytes as they are. */
  code(...bytes: number[]): this {
    this.parts.push(Uint8Array.from(bytes));
    return this;
  }

  /** Instructions by their ASCII letters. */
  op(letters: string): this {
    this.parts.push(this.encoder.encode(letters));
    return this;
  }

  global(module: string, name: string): this {
    return this.op(`c${module}\n${name}\n`);
  }

  /** BINPUT: remembers the top of the stack under `index` (0-255). */
  put(index: number): this {
    return this.code(0x71, index);
  }

  /** BINGET: pushes what `put` remembered. */
  get(index: number): this {
    return this.code(0x68, index);
  }

  text(value: string): this {
    const bytes = this.encoder.encode(value);
    const head = new Uint8Array(5);
    head[0] = 0x58;
    new DataView(head.buffer).setUint32(1, bytes.length, true);
    this.parts.push(head, bytes);
    return this;
  }

  /** An integer in the shortest form, as Python's pickler chooses it. */
  int(value: number): this {
    if (value >= 0 && value < 256) return this.code(0x4b, value);
    if (value >= 0 && value < 65536) return this.code(0x4d, value & 255, value >> 8);
    if (value === (value | 0))
      return this.code(0x4a, value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24);
    const long = new Uint8Array(10);
    long.set([0x8a, 8]);
    new DataView(long.buffer).setBigInt64(2, BigInt(value), true);
    this.parts.push(long);
    return this;
  }

  /** A tuple of integers. */
  intTuple(values: readonly number[]): this {
    if (values.length === 0) return this.op(')');
    if (values.length > 3) this.op('(');
    for (const value of values) this.int(value);
    return values.length > 3 ? this.op('t') : this.code(0x84 + values.length);
  }

  /** Ends the pickle and gives its bytes. */
  finish(): Uint8Array {
    this.op('.');
    const out = new Uint8Array(this.parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }
}
