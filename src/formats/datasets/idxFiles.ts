import { readRange, type InputFile } from '../input';
import { arrayDataset } from './arrayDataset';
import { blobSource, memorySource } from './arrayFile';
import type { DatasetFormat } from './format';
import { gunzip, gunzipHead, isGzip } from './gunzip';
import { IDX_HEAD_BYTES, openIdx, readIdxHeader, type IdxHeader } from './idx';
import { isImageName } from './folderLayout';
import { baseName, isClutter } from './paths';

/** MNIST has four files; of more none is looked into. */
const MAX_FILES = 32;
/** Most bytes that packed files may unfold to together: EMNIST's largest has 547 MB. */
const MAX_UNPACKED_BYTES = 2 ** 30;

/** The files of MNIST and its kin, packed or not, dropped together: train-images-idx3-ubyte(.gz) and the like. */
export const idxFiles: DatasetFormat = {
  id: 'idx',
  label: 'IDX files (MNIST)',
  async matches(files) {
    if (files.length > MAX_FILES || files.some((file) => isImageName(file.path))) return false;
    for (const file of files) if (!isClutter(file.path) && (await idxHeader(file)) !== null) return true;
    return false;
  },
  async open(files, options) {
    const arrays = [];
    let leftBytes = MAX_UNPACKED_BYTES;
    for (const file of files) {
      if (isClutter(file.path) || (await idxHeader(file)) === null) continue;
      const packed = isGzip(await readRange(file.blob, 0, 2));
      const source = packed ? memorySource(await gunzip(file, leftBytes, options)) : blobSource(file.blob);
      if (packed) leftBytes -= source.size;
      const key = baseName(file.path).replace(/\.gz$/i, '');
      arrays.push(await openIdx(source, key, file.path));
    }
    return arrayDataset(nameOf(files), idxFiles.id, arrays, options);
  },
};

/** The header, packed or not; null where the file is no IDX file. Its size must fit, unless the name says IDX. */
async function idxHeader(file: InputFile): Promise<IdxHeader | null> {
  const head = await readRange(file.blob, 0, IDX_HEAD_BYTES);
  const packed = isGzip(head);
  const header = readIdxHeader(packed ? await gunzipHead(file, IDX_HEAD_BYTES) : head);
  if (header === null || packed || /idx[1-4]|-ubyte/i.test(file.path)) return header;
  return header.fileBytes === file.blob.size ? header : null;
}

/** The folder around the files, or MNIST, which loose files of these names are a kind of. */
function nameOf(files: readonly InputFile[]): string {
  const [folder, rest] = files[0]?.path.split('/') ?? [];
  return folder !== undefined && rest !== undefined
    ? folder
    : files.length === 1
      ? (folder ?? 'IDX')
      : 'MNIST files';
}
