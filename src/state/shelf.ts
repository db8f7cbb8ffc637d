/**
 * Image strips, sample grids and embeddings, kept outside React and outside the stores (stores hold keys and
 * summaries only). A component reads one key and is told when that key is replaced.
 */
export class Shelf<T> {
  private readonly items = new Map<string, T>();
  private readonly listeners = new Set<() => void>();

  /** The value under `key`; the same object until it is put again. */
  get(key: string): T | null {
    return this.items.get(key) ?? null;
  }

  /** Replaces what lies under `key`. The shelf owns the value from here on. */
  put(key: string, value: T): void {
    this.items.set(key, value);
    this.announce();
  }

  delete(key: string): void {
    if (this.items.delete(key)) this.announce();
  }

  /** Removes every key that starts with `prefix`; all of them for the empty prefix. */
  clear(prefix = ''): void {
    for (const key of [...this.items.keys()]) if (key.startsWith(prefix)) this.items.delete(key);
    this.announce();
  }

  /** Hears every change; returns the unsubscribe function. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  private announce(): void {
    for (const listener of this.listeners) listener();
  }
}
