import { openAsBlob } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { StudioError } from '../src/protocol/errors';
import type { InputFile } from '../src/formats/input';

/**
 * A file, or every file below a folder, as the parsers take them: lazily readable, with paths that start at the last
 * component of `path`, as a browser gives them for a dropped folder.
 * @throws StudioError `file/missing` when nothing is there.
 */
export async function inputFiles(path: string): Promise<InputFile[]> {
  const info = await stat(path).catch(() => null);
  if (!info) throw new StudioError('file/missing', `There is no file or folder ${path}.`, { subject: path });
  if (!info.isDirectory()) return [{ path: basename(path), blob: await openAsBlob(path) }];
  const files: InputFile[] = [];
  await walk(path, basename(path), files);
  return files;
}

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
  for (const entry of entries) {
    const path = join(folder, entry.name);
    const relative = `${prefix}/${entry.name}`;
    if (entry.isDirectory()) await walk(path, relative, files);
    else if (entry.isFile()) files.push({ path: relative, blob: await openAsBlob(path) });
  }
}
