import { StudioError } from '../../protocol/errors';
import { readRange, type InputFile } from '../input';
import { throwIfAborted } from './abort';
import type { FolderPart } from './folderLayout';
import type { DatasetFormat, OpenOptions } from './format';
import type { ImageDataset } from './imageDataset';
import { openLaidOut, type ImageEntry, type ImageLayout } from './imageFiles';
import { imageColumns, type ImageColumns } from './parquetColumns';
import { openShard, parquetTools, readGroupColumn, type ParquetShard } from './parquetShard';
import { baseName, isClutter } from './paths';
import { RowGroupCache } from './rowGroupCache';

/** ImageNet has 294 shards. */
const MAX_SHARDS = 4096;
/** Row groups whose images' sizes are looked at: reading one image reads its whole group. */
const SAMPLED_GROUPS = 6;
const SAMPLED_IMAGES = 60;

/**
 * Image data sets as Hugging Face keeps them: Parquet shards with a column of encoded images and one of labels. Shards
 * named train-*, test-*, validation-* (or lying in such folders) are dropped together; images are decoded when read.
 */
export const hfParquet: DatasetFormat = {
  id: 'parquet',
  label: 'Parquet images (Hugging Face)',
  async matches(files) {
    for (const file of files.slice(0, 64)) if (!isClutter(file.path) && (await isParquet(file))) return true;
    return false;
  },
  async open(files, options) {
    const tools = await parquetTools();
    const parts = new Map<Part, Shard[]>();
    let shards = 0;
    for (const file of [...files].sort((a, b) => (a.path < b.path ? -1 : 1))) {
      throwIfAborted(options.signal);
      if (isClutter(file.path) || !(await isParquet(file))) continue;
      if (++shards > MAX_SHARDS) throw noImages(file, `is one of more than ${MAX_SHARDS} shards`);
      const shard = await openShard(file, tools);
      const columns = imageColumns(shard);
      if (columns === null) throw noImages(file, 'is a Parquet table without a column of images');
      const part = partOf(file.path);
      parts.set(part, [...(parts.get(part) ?? []), { shard, columns }]);
    }
    return assemble(parts, files, options);
  },
};

type Part = 'train' | 'test' | 'validation';

interface Shard {
  readonly shard: ParquetShard;
  readonly columns: ImageColumns;
}

async function isParquet(file: InputFile): Promise<boolean> {
  return String.fromCharCode(...(await readRange(file.blob, 0, 4))) === 'PAR1';
}

/** The word that the file's name or one of its folders begins with. */
function partOf(path: string): Part {
  for (const step of path.toLowerCase().split('/').toReversed()) {
    if (step.startsWith('train')) return 'train';
    if (step.startsWith('test')) return 'test';
    if (step.startsWith('val')) return 'validation';
  }
  return 'train';
}

async function assemble(
  parts: ReadonlyMap<Part, readonly Shard[]>,
  files: readonly InputFile[],
  options: OpenOptions,
): Promise<ImageDataset> {
  const train = parts.get('train') ?? parts.get('test') ?? parts.get('validation') ?? [];
  const test = parts.has('train') ? (parts.get('test') ?? parts.get('validation') ?? []) : [];
  const [first] = train;
  if (first === undefined) throw new StudioError('dataset/no-images', 'There are no Parquet shards to read.');
  const entries: ImageEntry[] = [];
  const sample: number[] = [];
  const cache = new RowGroupCache();
  const labels = new LabelList(first.columns.names);
  const add = async (shards: readonly Shard[]): Promise<FolderPart | null> => {
    if (shards.length === 0) return null;
    const from = entries.length;
    const values: number[] = [];
    for (const { shard, columns } of shards) {
      throwIfAborted(options.signal);
      options.onProgress?.(entries.length, null, `Reading ${shard.file.path}`);
      for (const entry of shardEntries(shard, columns, cache)) entries.push(entry);
      if (columns.label === null) continue;
      for (let group = 0; group < shard.groupStarts.length; group++)
        for (const value of await readGroupColumn(shard, group, [columns.label]))
          values.push(labels.take(value, shard));
    }
    const count = entries.length - from;
    const unlabelled = values.length !== count || values.every((value) => value === -1);
    return {
      files: Uint32Array.from({ length: count }, (_, i) => from + i),
      labels: unlabelled ? null : Int32Array.from(values),
    };
  };
  const layout = { train: await add(train), test: await add(test) };
  if (layout.train === null || layout.train.files.length === 0)
    throw noImages(first.shard.file, 'has no rows');
  sample.push(...sampled(train));
  const laidOut: ImageLayout = {
    classNames: layout.train.labels === null ? [] : labels.names(),
    train: labels.sorted(layout.train),
    // Labels of -1 are Hugging Face's way to hide them: such a part cannot be evaluated on.
    test: layout.test === null || layout.test.labels === null ? null : labels.sorted(layout.test),
    sample,
  };
  const name = datasetNameOf(files, first.shard.file);
  return openLaidOut({ name, path: first.shard.file.path }, hfParquet.id, entries, laidOut, options);
}

function* shardEntries(
  shard: ParquetShard,
  columns: ImageColumns,
  cache: RowGroupCache,
): Generator<ImageEntry> {
  for (let group = 0; group < shard.groupStarts.length; group++) {
    const start = shard.groupStarts[group] ?? 0;
    const end = shard.groupStarts[group + 1] ?? shard.rows;
    for (let row = start; row < end; row++) {
      const path = `image ${row} of ${shard.file.path}`;
      const read = () => cache.image(shard, columns, group, row - start, path);
      yield { path, size: 0, stamp: shard.stamp, read, head: read };
    }
  }
}

/** Images of a few row groups, spread over the shards of a part, which comes first in the list of entries. */
function sampled(shards: readonly Shard[]): number[] {
  const groups: [number, number][] = [];
  let offset = 0;
  for (const { shard } of shards) {
    shard.groupStarts.forEach((start, i) =>
      groups.push([offset + start, offset + (shard.groupStarts[i + 1] ?? shard.rows)]),
    );
    offset += shard.rows;
  }
  const filled = groups.filter(([start, end]) => end > start);
  const step = Math.max(1, filled.length / SAMPLED_GROUPS);
  const chosen = filled
    .filter((_, i) => Math.floor(i / step) !== Math.floor((i - 1) / step))
    .slice(0, SAMPLED_GROUPS);
  return chosen.flatMap(([start, end]) =>
    Array.from({ length: Math.min(end - start, SAMPLED_IMAGES) }, (_, i) => start + i),
  );
}

/** Labels as they come: whole numbers, or texts, which are classes in the order of their code points. */
class LabelList {
  private readonly texts: string[] = [];
  private readonly codes = new Map<string, number>();
  private highest = -1;

  constructor(private readonly known: readonly string[] | null) {}

  take(value: unknown, { file }: ParquetShard): number {
    const text =
      value instanceof Uint8Array
        ? new TextDecoder().decode(value)
        : typeof value === 'string'
          ? value
          : null;
    const label = text === null ? (value === null ? -1 : Number(value)) : this.code(text);
    const limit = this.known?.length ?? 100_000;
    if (!Number.isInteger(label) || label < -1 || label >= limit) {
      throw new StudioError(
        'dataset/bad-labels',
        `${file.path} has the label ${String(value)}, which is none of its ${limit} classes.`,
        { subject: file.path },
      );
    }
    this.highest = Math.max(this.highest, label);
    return label;
  }

  private code(text: string): number {
    const code = this.codes.get(text) ?? this.texts.push(text) - 1;
    this.codes.set(text, code);
    return code;
  }

  names(): readonly string[] {
    if (this.texts.length > 0) return [...this.texts].sort();
    return this.known ?? Array.from({ length: this.highest + 1 }, (_, i) => String(i));
  }

  /** Text labels were numbered as they came; here they follow the sorted names. */
  sorted(part: FolderPart): FolderPart {
    if (this.texts.length === 0 || part.labels === null) return part;
    const order = this.names();
    const place = this.texts.map((text) => order.indexOf(text));
    return { ...part, labels: part.labels.map((label) => place[label] ?? -1) };
  }
}

function datasetNameOf(files: readonly InputFile[], first: InputFile): string {
  const [folder, rest] = files[0]?.path.split('/') ?? [];
  if (folder !== undefined && rest !== undefined) return folder;
  return baseName(first.path).replace(/(?:-\d{5}-of-\d{5})?\.parquet$/i, '');
}

function noImages(file: InputFile, why: string): StudioError {
  return new StudioError('dataset/no-images', `${file.path} ${why}.`, { subject: file.path });
}
