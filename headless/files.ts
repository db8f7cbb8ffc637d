import { openAsBlob } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StudioError } from '../src/protocol/errors';
import { mapLimited } from '../src/formats/datasets/mapLimited';
import type { InputFile } from '../src/formats/input';

/**
 * A file, or every file below a folder, as the parsers take them: lazily readable, with paths that start at the last
 * component of `path`, as a browser gives them for a dropped folder.
 * @throws StudioError `file/missing` when nothing is there.
 */
export async function inputFiles(path: string): Promise<InputFile[]> {
  const info = await stat(path).catch(() => null);
  if (!info) throw new StudioError('file/missing', `There is no file or folder ${path}.`, { subject: path });
  if (!info.isDirectory()) return [await fileAt(path, basename(path))];
  const files: InputFile[] = [];
  await walk(path, basename(path), files);
  return files;
}

const FILES_AT_ONCE = 64;

/** One file; a folder is refused. @throws StudioError `file/missing`. */
export async function inputFile(path: string): Promise<InputFile> {
  const info = await stat(path).catch(() => null);
  if (!info?.isFile()) throw new StudioError('file/missing', `There is no file ${path}.`, { subject: path });
  return { path: basename(path), blob: await openAsBlob(path) };
}

/** Files that may be kept beside a model. */
const MAX_BESIDE = 256;

/** What lies beside an ONNX or TensorFlow.js model, where its weights may be; nothing for other files. Blobs are lazy: none is read. */
export async function filesBeside(path: string): Promise<InputFile[]> {
  if (!/\.(?:onnx|json)$/i.test(path)) return [];
  const folder = dirname(path);
  const entries = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isFile());
  return Promise.all(
    entries
      .slice(0, MAX_BESIDE)
      .map(async ({ name }) => ({ path: name, blob: await openAsBlob(join(folder, name)) })),
  );
}

async function walk(folder: string, prefix: string, files: InputFile[]): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  // Files are asked for many at once, and listed in the order of their names all the same.
  const found = await mapLimited(entries, FILES_AT_ONCE, (entry) =>
    entry.isFile() ? fileAt(join(folder, entry.name), `${prefix}/${entry.name}`) : Promise.resolve(null),
  );
  for (const [i, entry] of entries.entries()) {
    const file = found[i] ?? null;
    if (entry.isDirectory()) await walk(join(folder, entry.name), `${prefix}/${entry.name}`, files);
    else if (file !== null) files.push(file);
  }
}

/** Blobs made from paths do not know when their files were changed. */
async function fileAt(path: string, name: string): Promise<InputFile> {
  const [blob, { mtimeMs }] = await Promise.all([openAsBlob(path), stat(path)]);
  return { path: name, blob, modified: mtimeMs };
}
