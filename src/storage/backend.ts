/**
 * What a place to keep things must be able to do. Each operation is atomic by itself: after a crash a key holds its old
 * or its new value, never a mixture. Everything that needs more than one of them is built on top, in `runStore.ts`.
 */
export interface StorageBackend {
  readonly kind: 'opfs' | 'indexeddb' | 'memory' | 'folder';
  /** The stored JSON value, or undefined. @throws StudioError `storage/corrupt` where it is not JSON. */
  readJson(key: string): Promise<unknown>;
  /** @throws StudioError `storage/quota`. */
  writeJson(key: string, value: unknown): Promise<void>;
  deleteJson(key: string): Promise<void>;
  /** Keys that start with `prefix`, sorted. */
  listJson(prefix: string): Promise<string[]>;
  /** The stored bytes as a lazily readable blob, or null. */
  readBytes(key: string): Promise<Blob | null>;
  /** @throws StudioError `storage/quota`. */
  writeBytes(key: string, bytes: Blob | Uint8Array): Promise<void>;
  deleteBytes(key: string): Promise<void>;
  /** Keys that start with `prefix`, sorted. */
  listBytes(prefix: string): Promise<string[]>;
  /** Bytes that may still be written, or null where that cannot be told. */
  freeBytes(): Promise<number | null>;
}
