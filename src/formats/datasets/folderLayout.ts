import { StudioError } from '../../protocol/errors';
import { isClutter } from './paths';

/** Images of one part, in the order in which they are numbered. */
export interface FolderPart {
  /** Positions in the list of paths that was asked about. */
  readonly files: Uint32Array;
  /** Class of each, or null where the part has no class folders. */
  readonly labels: Int32Array | null;
}

/** How a tree of images divides into parts and classes. */
export interface FolderLayout {
  readonly classNames: readonly string[];
  readonly train: FolderPart;
  readonly test: FolderPart | null;
}

const READ = /\.(?:jpe?g|png|ppm|pgm)$/i;
/** What torchvision's ImageFolder would take and the studio does not read: to leave it out would change the data. */
const NOT_READ = /\.(?:bmp|tiff?|webp)$/i;
const TRAIN = ['train', 'training'];
/** The first that is there is the test part; a validation part beside a test part is left out. */
const TEST = ['test', 'testing', 'val', 'valid', 'validation'];

interface Node {
  readonly file: number;
  readonly parts: readonly string[];
}

/** Whether the name is one that the layout takes for an image it can use. */
export function isImageName(path: string): boolean {
  return READ.test(path) && !isClutter(path);
}

/**
 * Parts, classes and order of a dropped folder or a zip, as torchvision's `ImageFolder` gives them: class names are the
 * sorted names of the folders (of the training part), images are sorted by folder and name within a class, and
 * files beside the class folders are not part of it. Accepted: `train/CLASS/..` with `test/CLASS/..` (`val`, `valid`),
 * `CLASS/..` (no test part), and images without class folders (no labels). Folders around all of it do not matter.
 * @param name the zip or folder, for messages.
 * @throws StudioError `dataset/no-images`, `dataset/bad-labels`, `format/unsupported`.
 */
export function folderLayout(paths: readonly string[], name: string): FolderLayout {
  const nodes: Node[] = [];
  paths.forEach((path, file) => {
    if (isClutter(path)) return;
    if (NOT_READ.test(path)) {
      throw new StudioError(
        'format/unsupported',
        `${path} in ${name} is an image of a kind that is not read; only JPEG, PNG, PPM and PGM are.`,
        {
          subject: path,
        },
      );
    }
    if (READ.test(path)) nodes.push({ file, parts: path.split('/') });
  });
  if (nodes.length === 0) {
    throw new StudioError('dataset/no-images', `${name} has no JPEG, PNG, PPM or PGM images.`, {
      subject: name,
    });
  }
  const inside = strip(nodes);
  const train = under(inside, TRAIN);
  const test = under(inside, TEST);
  if (train === null && test === null) return withParts(inside, null, name);
  return train === null ? withParts(test ?? inside, null, name) : withParts(train, test, name);
}

/** Takes off the folders around everything, but none that names a part. */
function strip(nodes: readonly Node[]): readonly Node[] {
  const [first] = nodes;
  const folders = first?.parts.slice(0, -1) ?? [];
  let depth = 0;
  for (const folder of folders) {
    const isPart = [...TRAIN, ...TEST].includes(folder.toLowerCase());
    if (isPart || !nodes.every((node) => node.parts.length > depth + 1 && node.parts[depth] === folder))
      break;
    depth++;
  }
  return nodes.map((node) => ({ file: node.file, parts: node.parts.slice(depth) }));
}

/** The images under the first of the folders `names` that exists, or null. */
function under(nodes: readonly Node[], names: readonly string[]): readonly Node[] | null {
  for (const name of names) {
    const found = nodes.filter((node) => node.parts.length > 1 && node.parts[0]?.toLowerCase() === name);
    if (found.length > 0) return found.map((node) => ({ file: node.file, parts: node.parts.slice(1) }));
  }
  return null;
}

function withParts(train: readonly Node[], test: readonly Node[] | null, name: string): FolderLayout {
  const trainClasses = classesOf(train);
  const classNames = trainClasses.length > 0 || test === null ? trainClasses : classesOf(test);
  const stranger = test === null ? undefined : classesOf(test).find((label) => !classNames.includes(label));
  if (stranger !== undefined) {
    throw new StudioError(
      'dataset/bad-labels',
      `${name} has a class folder "${stranger}" in its test part that its training part does not have.`,
      { subject: stranger },
    );
  }
  return { classNames, train: part(train, classNames), test: test === null ? null : part(test, classNames) };
}

function classesOf(nodes: readonly Node[]): string[] {
  return [
    ...new Set(nodes.filter((node) => node.parts.length > 1).map((node) => node.parts[0] ?? '')),
  ].sort();
}

function part(nodes: readonly Node[], classNames: readonly string[]): FolderPart {
  const labelled = nodes.some((node) => node.parts.length > 1);
  const classOf = new Map(classNames.map((className, i) => [className, i]));
  const rows = nodes
    .filter((node) => !labelled || node.parts.length > 1)
    .map((node) => ({
      file: node.file,
      label: labelled ? (classOf.get(node.parts[0] ?? '') ?? -1) : 0,
      folder: node.parts.slice(0, -1).join('/'),
      image: node.parts.at(-1) ?? '',
    }));
  rows.sort((a, b) => a.label - b.label || order(a.folder, b.folder) || order(a.image, b.image));
  return {
    files: Uint32Array.from(rows, (row) => row.file),
    labels: labelled ? Int32Array.from(rows, (row) => row.label) : null,
  };
}

function order(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
