import { StudioError } from '../../protocol/errors';
import { MAX_TABLE_BYTES, parseCsv } from './csv';
import type { FolderPart } from './folderLayout';
import type { ImageEntry, ImageLayout } from './imageFiles';
import { isClutter } from './paths';

/** A training image: its class is its folder of five digits, beside a table `GT-<class>.csv`. */
const TRAIN_IMAGE = /(?:^|\/)(\d{5})\/[^/]+\.ppm$/i;
const TRAIN_TABLE = /(?:^|\/)(\d{5})\/GT-\1\.csv$/i;
/** A test image lies flat in `Images`, its class in `GT-final_test.csv`, which comes in an archive of its own. */
const TEST_IMAGE = /(?:^|\/)(?:Final_Test|Online-Test[^/]*|Test)\/Images\/[^/]+\.ppm$/i;
const TEST_TABLE = /(?:^|\/)GT-(?:final_test|online_test)[^/]*\.csv$/i;
const TABLE_HEADER = 'Filename';

/**
 * The German Traffic Sign Recognition Benchmark as it is distributed: `Final_Training/Images/00000/*.ppm` with
 * `GT-00000.csv`, and `Final_Test/Images/*.ppm` with `GT-final_test.csv` where that was added. Images are used whole, as
 * the usual loaders do (the Roi columns are not applied), and brought to 32 x 32. Null where this is no GTSRB.
 * @throws StudioError `dataset/bad-labels` for a test table that does not fit.
 */
export async function gtsrbLayout(entries: readonly ImageEntry[], name: string): Promise<ImageLayout | null> {
  if (!entries.some(({ path }) => TRAIN_TABLE.test(path) || TEST_TABLE.test(path))) return null;
  const train: { file: number; folder: string; path: string }[] = [];
  const tests = new Map<string, number>();
  entries.forEach(({ path }, file) => {
    if (isClutter(path)) return;
    const folder = TRAIN_IMAGE.exec(path)?.[1];
    if (TEST_IMAGE.test(path)) tests.set(path.slice(path.lastIndexOf('/') + 1), file);
    else if (folder !== undefined) train.push({ file, folder, path });
  });
  if (train.length === 0 && tests.size === 0) return null;
  train.sort((a, b) => (a.path < b.path ? -1 : 1));
  const test = await testPart(entries, tests, name);
  const classes = train.reduce((most, { folder }) => Math.max(most, Number(folder) + 1), 0);
  const testClasses = test?.labels?.reduce((most, label) => Math.max(most, label + 1), 0) ?? 0;
  const trainPart: FolderPart = {
    files: Uint32Array.from(train, ({ file }) => file),
    labels: Int32Array.from(train, ({ folder }) => Number(folder)),
  };
  const [first, second] = train.length > 0 ? [trainPart, test] : [test, null];
  if (first === null) return null;
  const names = Array.from({ length: Math.max(classes, testClasses) }, (_, i) => String(i).padStart(5, '0'));
  return {
    classNames: first.labels === null ? [] : names,
    train: first,
    // A test part without labels cannot be evaluated on.
    test: second?.labels === null ? null : second,
    resize: { kind: 'square', side: 32 },
  };
}

async function testPart(
  entries: readonly ImageEntry[],
  tests: ReadonlyMap<string, number>,
  name: string,
): Promise<FolderPart | null> {
  if (tests.size === 0) return null;
  const flat = { files: Uint32Array.from([...tests].sort().map(([, file]) => file)), labels: null };
  // The table inside the image archive has no class column; the one of the ground truth archive has.
  for (const entry of entries.filter(({ path }) => TEST_TABLE.test(path))) {
    if (entry.size > MAX_TABLE_BYTES) continue;
    const [head = [], ...rows] = parseCsv(new TextDecoder().decode(await entry.read())) ?? [];
    const [file, label] = [head.indexOf(TABLE_HEADER), head.indexOf('ClassId')];
    if (file < 0 || label < 0) continue;
    const found = rows.flatMap((row) => {
      const at = tests.get(row[file] ?? '');
      const value = Number(row[label] || NaN);
      if (!Number.isInteger(value) || value < 0 || value > 99_999) {
        throw new StudioError(
          'dataset/bad-labels',
          `${entry.path} of ${name} gives ${row[file] ?? 'an image'} the class "${row[label] ?? ''}".`,
          { subject: entry.path },
        );
      }
      return at === undefined ? [] : [{ at, value }];
    });
    if (found.length === 0) continue;
    return {
      files: Uint32Array.from(found, ({ at }) => at),
      labels: Int32Array.from(found, ({ value }) => value),
    };
  }
  return flat;
}
