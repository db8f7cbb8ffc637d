import { StudioError } from '../../protocol/errors';
import { MAX_TABLE_BYTES, parseCsv } from './csv';
import { folderLayout, isImageName, type FolderPart } from './folderLayout';
import type { ImageEntry, ImageLayout } from './imageFiles';
import { baseName, isClutter } from './paths';

const FILE_HEADER = /^(?:file_?names?|files?|images?|image_?(?:id|path|names?)|img|paths?|id|names?)$/i;
const LABEL_HEADER =
  /^(?:labels?|class(?:_?(?:id|name|label))?|target|category|diagnosis|y|fine_?label|species|breed)$/i;
const PART_HEADER = /^(?:split|part|subset|set|fold)$/i;

/**
 * Labels from a table beside images that do not lie in class folders: a `.csv` (or `.tsv`) with a column of file names
 * and one of labels, told by their header or, without one, by which cells name images. File names may lack folder and
 * ending. Classes are the sorted distinct labels (numbers by value); images that no row names are left out. A column
 * `split` divides the parts, as do tables named train and test (or val). Null where no table names the images.
 * @throws StudioError `dataset/bad-labels` where a table names images and fits them badly.
 */
export async function tableLayout(entries: readonly ImageEntry[], name: string): Promise<ImageLayout | null> {
  const tables = entries.filter(({ path }) => /\.(?:csv|tsv)$/i.test(path) && !isClutter(path));
  if (tables.length === 0) return null;
  const index = imageIndex(entries);
  if (index.size === 0) return null;
  const { classNames: folders } = folderLayout(
    entries.map((entry) => entry.path),
    name,
  );
  // Folders of classes say as much; folders called train_images and test_images are none.
  if (folders.some((folder) => !/train|test|val|image|img/i.test(folder))) return null;
  const rows: Row[] = [];
  for (const table of tables) rows.push(...(await rowsOf(table, index)));
  if (rows.length === 0) return null;
  const names = [...new Set(rows.map(({ label }) => label))].sort(byValue);
  const classOf = new Map(names.map((label, i) => [label, i]));
  const part = (wanted: Row['part']): FolderPart | null => {
    const chosen = rows.filter((row) => row.part === wanted);
    if (chosen.length === 0) return null;
    return {
      files: Uint32Array.from(chosen, ({ file }) => file),
      labels: Int32Array.from(chosen, ({ label }) => classOf.get(label) ?? -1),
    };
  };
  const [train, test] = [part('train'), part('test')];
  const only = train ?? test;
  if (only === null) return null;
  return { classNames: names, train: only, test: train === null ? null : test };
}

interface Row {
  readonly file: number;
  readonly label: string;
  readonly part: 'train' | 'test';
}

/** Positions by path, by name, and by name without ending; a name that two files have is of no use: -1. */
function imageIndex(entries: readonly ImageEntry[]): Map<string, number> {
  const index = new Map<string, number>();
  entries.forEach(({ path }, i) => {
    if (!isImageName(path)) return;
    const base = baseName(path);
    for (const key of new Set([path, base, base.replace(/\.\w+$/, '')]))
      index.set(key, index.has(key) ? -1 : i);
  });
  return index;
}

async function rowsOf(table: ImageEntry, index: ReadonlyMap<string, number>): Promise<Row[]> {
  if (table.size > MAX_TABLE_BYTES)
    throw bad(table, `has ${table.size} bytes, too many for a table of labels`);
  const cells = parseCsv(new TextDecoder().decode(await table.read()));
  if (cells === null) throw bad(table, 'has too many rows');
  const [head = [], ...body] = cells;
  const find = (cell: string | undefined) => {
    const path = (cell ?? '').replaceAll('\\', '/').replace(/^\.\//, '');
    return index.get(path) ?? index.get(baseName(path)) ?? null;
  };
  const headed = !head.some((cell) => find(cell) !== null && !FILE_HEADER.test(cell));
  const columns = columnsOf(headed ? head : [], headed ? (body[0] ?? []) : head, find);
  if (columns === null) return [];
  const wholePart = /test|val/i.test(baseName(table.path)) ? 'test' : 'train';
  const rows: Row[] = [];
  (headed ? body : cells).forEach((row, i) => {
    const file = find(row[columns.file]);
    const label = row[columns.label];
    const line = `line ${i + (headed ? 2 : 1)}`;
    if (file === null) return;
    if (file < 0) throw bad(table, `names ${row[columns.file]} in ${line}, and two images have that name`);
    if (label === undefined || label === '') throw bad(table, `has no label in ${line}`);
    const split = columns.part === null ? null : (row[columns.part] ?? '');
    const part = split === null ? wholePart : /^(?:test|val)/i.test(split) ? 'test' : 'train';
    rows.push({ file, label, part });
  });
  return rows;
}

interface Columns {
  readonly file: number;
  readonly label: number;
  readonly part: number | null;
}

/** By the header; where it is silent, the column that names an image, and the only other one. */
function columnsOf(
  head: readonly string[],
  first: readonly string[],
  find: (cell: string) => number | null,
): Columns | null {
  const named = head.findIndex((cell, i) => FILE_HEADER.test(cell) && find(first[i] ?? '') !== null);
  const file = named >= 0 ? named : first.findIndex((cell) => find(cell) !== null);
  if (file < 0) return null;
  const part = head.findIndex((cell) => PART_HEADER.test(cell));
  const labelled = head.findIndex((cell, i) => i !== file && LABEL_HEADER.test(cell));
  const others = first.map((_, i) => i).filter((i) => i !== file && i !== part);
  const label = labelled >= 0 ? labelled : (others[0] ?? -1);
  return label < 0 || (labelled < 0 && others.length > 1 && head.length > 0)
    ? null
    : { file, label, part: part < 0 ? null : part };
}

/** Whole numbers by value, then texts by their code points. */
function byValue(a: string, b: string): number {
  const [x, y] = [Number(a), Number(b)];
  if (Number.isInteger(x) && Number.isInteger(y)) return x - y;
  return a < b ? -1 : a > b ? 1 : 0;
}

function bad(table: ImageEntry, why: string): StudioError {
  return new StudioError('dataset/bad-labels', `The table ${table.path} ${why}.`, { subject: table.path });
}
