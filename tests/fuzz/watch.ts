import { Worker } from 'node:worker_threads';

/** What one reading took at most. */
export interface Peak {
  /** Resident memory over what the process had before the parser's first damaged file. */
  readonly residentBytes: number;
  /** The largest buffer or wasm memory that was asked for, resident or not. */
  readonly largestBytes: number;
}

/** Milliseconds between two looks at the process; the thread that parses does not notice them. */
const LOOK_MS = 5;
/** Above this, what earlier readings left is collected first. */
const GARBAGE_BYTES = 24 * 2 ** 20;

const LOOKER = `
  const { workerData } = require('node:worker_threads');
  const [state, wait] = [new Int32Array(workerData), new Int32Array(new SharedArrayBuffer(4))];
  for (;;) {
    const now = Math.ceil(process.memoryUsage.rss() / 1024);
    if (now > Atomics.load(state, 0)) Atomics.store(state, 0, now);
    Atomics.wait(wait, 0, 0, ${LOOK_MS});
  }`;

/** Thrown at whoever asks for a buffer beyond the cap, before the machine runs out of memory. */
export class OverCap extends Error {
  override readonly name = 'OverCap';
}

/**
 * Watches a process's memory: a thread samples what is resident, and every buffer's size is seen when it is asked for, as large ones
 * are not resident before they are written to.
 */
export class MemoryWatch {
  private readonly peakKiB = new Int32Array(new SharedArrayBuffer(4));
  private readonly looker: Worker;
  private floorBytes = 0;
  private largestBytes = 0;
  private capBytes = Infinity;

  constructor() {
    this.looker = new Worker(LOOKER, { eval: true, workerData: this.peakKiB.buffer });
    this.looker.unref();
    for (const name of BUFFERS) watchConstructor(name, (bytes) => this.asked(bytes));
    const { grow } = WebAssembly.Memory.prototype;
    const asked = (bytes: number): void => this.asked(bytes);
    WebAssembly.Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number): number {
      asked(this.buffer.byteLength + pages * 65_536);
      return grow.call(this, pages);
    };
  }

  /** Takes the present size as that of a process that has read nothing damaged. */
  settle(): void {
    globalThis.gc?.();
    this.floorBytes = process.memoryUsage.rss();
  }

  /** Begins a reading that may take `capBytes`. */
  async begin(capBytes: number): Promise<void> {
    if (process.memoryUsage.rss() - this.floorBytes > GARBAGE_BYTES) await freed();
    this.largestBytes = 0;
    this.capBytes = capBytes;
    Atomics.store(this.peakKiB, 0, Math.ceil(process.memoryUsage.rss() / 1024));
  }

  /** Ends it. */
  end(): Peak {
    const residentKiB = Math.max(Atomics.load(this.peakKiB, 0), Math.ceil(process.memoryUsage.rss() / 1024));
    const largestBytes = this.largestBytes;
    this.capBytes = Infinity;
    return { residentBytes: residentKiB * 1024 - this.floorBytes, largestBytes };
  }

  private asked(bytes: number): void {
    this.largestBytes = Math.max(this.largestBytes, bytes);
    if (bytes > this.capBytes) throw new OverCap(`a buffer of ${bytes} bytes was asked for`);
  }
}

/** Buffers that nobody holds are given back behind the collection, not in it. */
async function freed(): Promise<void> {
  globalThis.gc?.();
  await new Promise((done) => setImmediate(done));
}

const BUFFERS = [
  'ArrayBuffer', 'Uint8Array', 'Int8Array', 'Uint8ClampedArray', 'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array',
  'Float32Array', 'Float64Array', 'BigInt64Array', 'BigUint64Array',
] as const; // prettier-ignore

/** Puts a proxy in a constructor's place that tells what every `new` of it asks for. */
function watchConstructor(name: (typeof BUFFERS)[number], asked: (bytes: number) => void): void {
  const original = globalThis[name];
  const width = 'BYTES_PER_ELEMENT' in original ? original.BYTES_PER_ELEMENT : 1;
  const watched = new Proxy(original, {
    construct(target, args: readonly unknown[], caller) {
      const [first] = args;
      if (typeof first === 'number') asked(first * width);
      return Reflect.construct(target, args, caller) as object;
    },
  });
  Reflect.set(globalThis, name, watched);
}
