import { StudioError } from '../../protocol/errors';

/** The last part of a path. */
export function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/**
 * The path in the form the rest of the studio uses: forward slashes, no `./` in front.
 * @throws StudioError `file/unsafe-path` for absolute names and names with `..`, which no honest archive has.
 */
export function safePath(path: string, archive: string): string {
  const forward = path.replaceAll('\\', '/');
  if (
    forward.startsWith('/') ||
    /^[a-zA-Z]:/.test(forward) ||
    forward.split('/').includes('..') ||
    forward.includes('\0')
  ) {
    throw new StudioError(
      'file/unsafe-path',
      `${archive} has a member named ${JSON.stringify(path.slice(0, 100))}, which points outside the archive; it is not opened.`,
      { subject: archive },
    );
  }
  return forward
    .split('/')
    .filter((part) => part !== '' && part !== '.')
    .join('/');
}

/** Whether the file is one that operating systems leave in folders and archives. */
export function isClutter(path: string): boolean {
  return path
    .split('/')
    .some(
      (part) => part.startsWith('.') || part === '__MACOSX' || part === 'Thumbs.db' || part === 'desktop.ini',
    );
}

/** A data set's name from what was dropped: without folders and archive endings. */
export function datasetName(path: string): string {
  return baseName(path).replace(/\.(?:tar\.gz|tgz|tar|zip|bin)$/i, '') || path;
}
