import type { StudioError } from '../protocol/errors';
import type { StorageBackend } from './backend';
import { createKeyedRunStore } from './keyedRunStore';
import type { RunStore } from './runStore';

/** Keeps everything in this process's memory. Values are copied in and out, as a real storage would. */
export function createMemoryBackend(): StorageBackend {
  const json = new Map<string, string>();
  const bytes = new Map<string, Blob>();
  const keys = (map: ReadonlyMap<string, unknown>, prefix: string) =>
    [...map.keys()].filter((key) => key.startsWith(prefix)).sort();
  return {
    kind: 'memory',
    readJson(key) {
      const text = json.get(key);
      return Promise.resolve(text === undefined ? undefined : (JSON.parse(text) as unknown));
    },
    writeJson(key, value) {
      json.set(key, JSON.stringify(value ?? null));
      return Promise.resolve();
    },
    deleteJson(key) {
      json.delete(key);
      return Promise.resolve();
    },
    listJson: (prefix) => Promise.resolve(keys(json, prefix)),
    readBytes: (key) => Promise.resolve(bytes.get(key) ?? null),
    writeBytes(key, value) {
      bytes.set(key, value instanceof Blob ? value : new Blob([value as Uint8Array<ArrayBuffer>]));
      return Promise.resolve();
    },
    deleteBytes(key) {
      bytes.delete(key);
      return Promise.resolve();
    },
    listBytes: (prefix) => Promise.resolve(keys(bytes, prefix)),
    freeBytes: () => Promise.resolve(null),
  };
}

/** A store that lives as long as this process; `notice` says why it is used where a lasting one was wanted. */
export function createMemoryStore(notice: StudioError | null = null): RunStore {
  return createKeyedRunStore(createMemoryBackend(), notice);
}
