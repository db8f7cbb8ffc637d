import type { WireFile } from '../../protocol/messages';

/** Files that operating systems leave in folders and nobody means to open. */
const CLUTTER = /(^|\/)(\.[^/]+|Thumbs\.db|desktop\.ini|__MACOSX(\/.*)?)$/;

/** Entries of a folder that are asked for at once: each answer takes a turn through the browser's other processes. */
const AT_ONCE = 256;

/** The part of a `FileSystemEntry` that is used; lets tests bring their own. */
export interface EntryLike {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly fullPath: string;
  file?(resolve: (file: File) => void, reject: (error: unknown) => void): void;
  createReader?(): {
    readEntries(resolve: (entries: readonly EntryLike[]) => void, reject: (error: unknown) => void): void;
  };
}

/** Files chosen by a file or folder input, with their paths inside the folder. */
export function filesOfInput(files: Iterable<File>): WireFile[] {
  return [...files]
    .map((file) => ({ path: file.webkitRelativePath || file.name, blob: file }))
    .filter(({ path }) => !CLUTTER.test(path));
}

/** Everything that was dropped, folders walked to their ends. Must be called within the drop event itself. */
export async function filesOfDrop(transfer: DataTransfer): Promise<WireFile[]> {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry());
  if (entries.every((entry) => entry === null)) return filesOfInput(transfer.files);
  const lists = await Promise.all(
    entries.flatMap((entry) => (entry === null ? [] : [filesOfEntry(entry as EntryLike)])),
  );
  return lists.flat();
}

/** The files of an entry: itself, or all below it. */
export async function filesOfEntry(entry: EntryLike): Promise<WireFile[]> {
  const path = entry.fullPath.replace(/^\//, '');
  if (CLUTTER.test(path)) return [];
  if (entry.isFile) return [{ path, blob: await readFile(entry) }];
  const children = await readFolder(entry);
  const found: WireFile[][] = [];
  for (let at = 0; at < children.length; at += AT_ONCE)
    found.push(...(await Promise.all(children.slice(at, at + AT_ONCE).map(filesOfEntry))));
  return found.flat();
}

function readFile(entry: EntryLike): Promise<File> {
  return new Promise((resolve, reject) => {
    if (entry.file) entry.file(resolve, reject);
    else reject(new Error(`${entry.fullPath} cannot be read.`));
  });
}

/** A reader gives a folder's entries in portions (Chrome: 100) and says that it is done by an empty one. */
async function readFolder(entry: EntryLike): Promise<EntryLike[]> {
  const reader = entry.createReader?.();
  const all: EntryLike[] = [];
  while (reader) {
    const portion = await new Promise<readonly EntryLike[]>((resolve, reject) => {
      reader.readEntries(resolve, reject);
    });
    if (portion.length === 0) break;
    all.push(...portion);
  }
  return all;
}
