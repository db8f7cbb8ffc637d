import type { RandomFile, RandomFiles } from './randomFiles';

/** What a test makes a file system of memory do. */
export interface MemoryFilesOptions {
  /** Bytes that all files together may take; more is refused as a full disk refuses it. */
  readonly capacity?: number;
}

/**
 * Files in memory that behave as a disk does: what was written and not flushed is gone after `losePower`, and a file is
 * open once at a time.
 */
export class MemoryRandomFiles implements RandomFiles {
  /** Bytes that all files together may take. */
  capacity: number;
  /** While true every write is refused, as on a disk that others have filled. */
  full = false;
  private files = new Map<string, { now: Uint8Array; flushed: Uint8Array; open: boolean }>();

  constructor({ capacity = Infinity }: MemoryFilesOptions = {}) {
    this.capacity = capacity;
  }

  /** Every file is as it was when it was last flushed, and closed. */
  losePower(): void {
    for (const [name, { flushed }] of this.files)
      this.files.set(name, { now: flushed.slice(), flushed, open: false });
  }

  /** The bytes of a file, as they are now. */
  bytesOf(name: string): Uint8Array | null {
    return this.files.get(name)?.now ?? null;
  }

  open(name: string): Promise<RandomFile | null> {
    const file = this.files.get(name) ?? { now: new Uint8Array(), flushed: new Uint8Array(), open: false };
    this.files.set(name, file);
    if (file.open) return Promise.resolve(null);
    file.open = true;
    return Promise.resolve({
      read(into, at) {
        const part = file.now.subarray(at, at + into.length);
        into.set(part);
        return part.length;
      },
      write: (bytes, at) => {
        const room = Math.max(0, this.capacity - this.used());
        const grows = Math.max(0, at + bytes.length - file.now.length);
        if (grows > room || this.full) throw new DOMException('Full', 'QuotaExceededError');
        if (grows > 0) file.now = grown(file.now, at + bytes.length);
        file.now.set(bytes, at);
        return bytes.length;
      },
      flush: () => void (file.flushed = file.now.slice()),
      resize: (sizeBytes) => {
        if (sizeBytes - file.now.length > this.capacity - this.used())
          throw new DOMException('Full', 'QuotaExceededError');
        file.now = grown(file.now.subarray(0, sizeBytes), sizeBytes);
      },
      size: () => file.now.length,
      close: () => void (file.open = false),
    });
  }

  head(name: string, bytes: number): Promise<Uint8Array | null> {
    return Promise.resolve(this.files.get(name)?.now.slice(0, bytes) ?? null);
  }

  remove(name: string): Promise<boolean> {
    if (this.files.get(name)?.open === true) return Promise.resolve(false);
    this.files.delete(name);
    return Promise.resolve(true);
  }

  list(): Promise<{ name: string; sizeBytes: number }[]> {
    return Promise.resolve([...this.files].map(([name, { now }]) => ({ name, sizeBytes: now.length })));
  }

  freeBytes(): Promise<number | null> {
    return Promise.resolve(this.capacity === Infinity ? null : this.capacity - this.used());
  }

  private used(): number {
    return [...this.files.values()].reduce((sum, { now }) => sum + now.length, 0);
  }
}

function grown(bytes: Uint8Array, sizeBytes: number): Uint8Array {
  const larger = new Uint8Array(sizeBytes);
  larger.set(bytes);
  return larger;
}
