import { readRange, type InputFile } from '../input';
import { isImageName } from './folderLayout';
import type { DatasetFormat } from './format';
import { openImageFiles, type ImageEntry } from './imageFiles';
import { safePath } from './paths';

/** Images dropped as files or as a folder, read one by one when they are needed. */
export const imageFolder: DatasetFormat = {
  id: 'image-folder',
  label: 'Folder of images',
  matches(files) {
    return Promise.resolve(files.some((file) => isImageName(file.path)));
  },
  async open(files, options) {
    const entries = files.map((file): ImageEntry => {
      const path = safePath(file.path, 'The dropped folder');
      return {
        path,
        size: file.blob.size,
        ...stampOf(file),
        read: () => readRange(file.blob, 0, file.blob.size),
        head: (bytes) => readRange(file.blob, 0, bytes),
      };
    });
    const name = folderName(entries);
    return openImageFiles({ name, path: name }, imageFolder.id, entries, options);
  },
};

/** The folder around everything, or "images" where the files were dropped by themselves. */
function folderName(entries: readonly ImageEntry[]): string {
  const [top, rest] = entries[0]?.path.split('/') ?? [];
  const shared =
    top !== undefined && rest !== undefined && entries.every((entry) => entry.path.startsWith(`${top}/`));
  return shared ? top : 'images';
}

/** A browser's files know when they were changed; the command line's say so themselves. */
function stampOf({ blob, modified }: InputFile): { stamp?: string } {
  const stamp = modified ?? ('lastModified' in blob ? Number(blob.lastModified) : null);
  return stamp === null ? {} : { stamp: String(stamp) };
}
