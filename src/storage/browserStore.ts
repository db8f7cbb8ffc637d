import { openDB, type DBSchema, type IDBPDatabase } from 'idb';
import { StudioError } from '../protocol/errors';
import type { StorageBackend } from './backend';
import { writeError } from './errors';
import { createKeyedRunStore } from './keyedRunStore';
import { createMemoryStore } from './memoryStore';
import { openOpfsFiles, type OpfsFiles } from './opfsFiles';
import type { RunStore } from './runStore';

const NAME = 'refine-studio';

interface StudioDatabase extends DBSchema {
  json: { key: string; value: { readonly value: unknown } };
  bytes: { key: string; value: Blob };
}
type Database = IDBPDatabase<StudioDatabase>;

/**
 * The browser's storage: JSON in IndexedDB, bytes in the origin's private file system (in IndexedDB too where there is
 * none). Where the browser gives neither (private windows, blocked storage), a store in memory whose `notice` says so.
 */
export async function openBrowserStore(): Promise<RunStore> {
  try {
    return createKeyedRunStore(await openBrowserBackend(NAME, true));
  } catch (cause) {
    return createMemoryStore(
      new StudioError(
        'storage/unavailable',
        'This browser lets the studio store nothing (a private window, or blocked site data), so runs are gone after a reload. Export what you want to keep.',
        { cause },
      ),
    );
  }
}

/**
 * The backend behind `openBrowserStore`, under a name of its own.
 * @param preferFiles whether bytes go into the private file system where there is one.
 * @throws what the browser throws where it has no IndexedDB or denies it.
 */
export async function openBrowserBackend(name: string, preferFiles: boolean): Promise<StorageBackend> {
  const database = await openDB<StudioDatabase>(name, 1, {
    upgrade(fresh) {
      fresh.createObjectStore('json');
      fresh.createObjectStore('bytes');
    },
  });
  return browserBackend(database, preferFiles ? await openOpfsFiles(name) : null);
}

function browserBackend(database: Database, opfs: OpfsFiles | null): StorageBackend {
  const files = opfs ?? databaseFiles(database);
  return {
    kind: opfs ? 'opfs' : 'indexeddb',
    readJson: async (key) => (await database.get('json', key))?.value,
    async writeJson(key, value) {
      // A round trip through text keeps to JSON what other stores keep to JSON.
      const plain: unknown = JSON.parse(JSON.stringify(value ?? null));
      await writing('a record', () => database.put('json', { value: plain }, key));
    },
    deleteJson: (key) => database.delete('json', key),
    listJson: (prefix) => database.getAllKeys('json', withPrefix(prefix)),
    readBytes: (key) => files.read(key),
    writeBytes: (key, bytes) => files.write(key, bytes),
    deleteBytes: (key) => files.remove(key),
    listBytes: (prefix) => files.list(prefix),
    async freeBytes() {
      const { quota, usage } = await navigator.storage.estimate();
      return quota === undefined ? null : Math.max(0, quota - (usage ?? 0));
    },
  };
}

function databaseFiles(database: Database): OpfsFiles {
  return {
    read: async (key) => (await database.get('bytes', key)) ?? null,
    async write(key, bytes) {
      // The copy is made here: a stored `File` may go on pointing at the person's disk.
      const copy = new Blob([
        bytes instanceof Blob ? await bytes.arrayBuffer() : (bytes as Uint8Array<ArrayBuffer>),
      ]);
      await writing('a file', () => database.put('bytes', copy, key));
    },
    remove: (key) => database.delete('bytes', key),
    list: (prefix) => database.getAllKeys('bytes', withPrefix(prefix)),
  };
}

function withPrefix(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

async function writing(what: string, put: () => Promise<unknown>): Promise<void> {
  try {
    await put();
  } catch (error) {
    throw writeError(error, what);
  }
}
