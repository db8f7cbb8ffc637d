import type { WireFile } from './messages';

/** What an experiment calls dropped images: the one file, or the folder around them all; null for loose files. */
export function droppedPath(files: readonly WireFile[]): string | null {
  const [first] = files;
  if (first === undefined) return null;
  if (files.length === 1) return first.path;
  const [top, rest] = first.path.split('/');
  const shared = rest !== undefined && files.every(({ path }) => path.startsWith(`${top}/`));
  return shared ? (top ?? null) : null;
}

/** Whether what was dropped is the file or folder that an experiment names by `path`. */
export function isNamed(files: readonly WireFile[], path: string): boolean {
  const dropped = droppedPath(files);
  return dropped !== null && samePlace(dropped, path);
}

/** Whether two paths end in the same file or folder, which is all that a drop knows of where its files lie. */
export function samePlace(a: string, b: string): boolean {
  return lastPart(a) === lastPart(b);
}

/** Of the images of a drop, those that an experiment names for its transform alone, and the rest, which are the data set. */
export function splitTransform(
  files: readonly WireFile[],
  { path, transformPath }: { readonly path: string; readonly transformPath: string | null },
): {
  readonly transform: readonly WireFile[];
  readonly dataset: readonly WireFile[];
  readonly path: string | null;
} {
  if (transformPath === null || samePlace(path, transformPath))
    return { transform: [], dataset: files, path: transformPath };
  const top = (file: WireFile) => file.path.split('/')[0] ?? file.path;
  const named = files.filter((file) => isNamed([{ ...file, path: top(file) }], transformPath));
  return { transform: named, dataset: files.filter((file) => !named.includes(file)), path: transformPath };
}

function lastPart(path: string): string {
  return (
    path
      .replace(/[\\/]+$/, '')
      .split(/[\\/]/)
      .at(-1) ?? path
  );
}
