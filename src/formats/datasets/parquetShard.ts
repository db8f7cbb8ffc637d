import { z } from 'zod';
import type { CompressionCodec, Compressors, FileMetaData, parquetMetadata as Metadata } from 'hyparquet';
import type { parquetHeader as Header } from 'hyparquet/src/column.js';
import type { decompressPage as Unpack } from 'hyparquet/src/datapage.js';
import { StudioError } from '../../protocol/errors';
import { sha256OfBlob } from '../hash';
import { readRange, type InputFile } from '../input';
import { PageReader, readCells, readHybrid, type Cell, type LeafType } from './parquetPage';

/** Longest metadata of a shard that is read; Hugging Face's have some hundred kilobytes. */
const MAX_METADATA_BYTES = 16 * 2 ** 20;
/** Longest row group column and longest page, unpacked: a hundred photos have some ten megabytes. */
const MAX_CHUNK_BYTES = 512 * 2 ** 20;
const FOOTER_BYTES = 8;
/** The smallest PNG has 67 bytes; dictionaries store equal images once, and small shards are let off. */
const MIN_ROW_BYTES = 8;
const FEW_ROWS = 65_536;

/** What is used of the metadata; the reader passes on whatever a damaged file has in these places. */
const metadataSchema = z.object({
  schema: z.array(z.object({ name: z.string(), num_children: z.number().optional() })),
  key_value_metadata: z.array(z.object({ key: z.string(), value: z.string().optional() })).optional(),
  row_groups: z.array(
    z.object({
      columns: z.array(z.object({ meta_data: z.object({ path_in_schema: z.array(z.string()) }).optional() })),
    }),
  ),
});

/** A Parquet file whose metadata has been read. Rows are numbered through its row groups. */
export interface ParquetShard {
  readonly file: InputFile;
  readonly metadata: FileMetaData;
  /** First row of each row group. */
  readonly groupStarts: readonly number[];
  readonly rows: number;
  /** Hash of the metadata, which has the place and length of every page. */
  readonly stamp: string;
  readonly tools: ParquetTools;
}

/** The reader, loaded when the first Parquet file is met. */
export interface ParquetTools {
  readonly metadata: typeof Metadata;
  readonly pageHeader: typeof Header;
  readonly unpack: typeof Unpack;
  readonly compressors: Compressors;
}

/** Loads hyparquet and its decompressors (snappy is hyparquet's own). */
export async function parquetTools(): Promise<ParquetTools> {
  const [{ parquetMetadata }, { parquetHeader }, { decompressPage }, packed] = await Promise.all([
    import('hyparquet'),
    import('hyparquet/src/column.js'),
    import('hyparquet/src/datapage.js'),
    import('hyparquet-compressors'),
  ]);
  // Each writes into an array of the length that the page states, which has been checked.
  const compressors: Compressors = {
    GZIP: (input, length) => packed.gunzip(input, new Uint8Array(length)),
    ZSTD: (input, length) => packed.decompressZstd(input, new Uint8Array(length)),
    BROTLI: packed.decompressBrotli,
    LZ4: packed.decompressLz4,
    LZ4_RAW: packed.decompressLz4Raw,
  };
  return { metadata: parquetMetadata, pageHeader: parquetHeader, unpack: decompressPage, compressors };
}

/**
 * Reads a shard's metadata and checks what it claims against the file.
 * @throws StudioError `file/truncated`, `file/too-large`, `format/malformed`.
 */
export async function openShard(file: InputFile, tools: ParquetTools): Promise<ParquetShard> {
  const { path, blob } = file;
  const footer = await readRange(blob, Math.max(0, blob.size - FOOTER_BYTES), blob.size);
  if (footer.length < FOOTER_BYTES || String.fromCharCode(...footer.subarray(4)) !== 'PAR1') {
    throw new StudioError(
      'file/truncated',
      `${path} is cut off: a Parquet file ends with its table of contents.`,
      {
        subject: path,
      },
    );
  }
  const length = new DataView(footer.buffer).getUint32(0, true);
  if (length > MAX_METADATA_BYTES || length + FOOTER_BYTES > blob.size) throw malformed(file);
  const bytes = await readRange(blob, blob.size - FOOTER_BYTES - length, blob.size);
  const metadata = guarded(file, () => tools.metadata(bytes.buffer));
  if (!metadataSchema.safeParse(metadata).success) throw malformed(file);
  const groupStarts: number[] = [];
  let rows = 0;
  for (const group of metadata.row_groups) {
    groupStarts.push(rows);
    const count = Number(group.num_rows);
    if (!Number.isSafeInteger(count) || count < 0) throw malformed(file);
    rows += count;
  }
  // Each becomes an entry of some hundred bytes, and no image takes less than this.
  if (rows > Math.max(FEW_ROWS, blob.size / MIN_ROW_BYTES)) throw malformed(file);
  const stamp = await sha256OfBlob(new Blob([bytes]));
  return { file, metadata, groupStarts, rows, stamp, tools };
}

/**
 * The cells of one leaf column in one row group, `path` being its place in the schema (`['image', 'bytes']`). The page
 * reader is our own: every length is checked against the page, and work is bounded by the rows of the group.
 * @throws StudioError `format/malformed`, `file/too-large`, `format/unsupported` (compression, encoding, lists).
 */
export async function readGroupColumn(
  shard: ParquetShard,
  group: number,
  path: readonly string[],
): Promise<readonly Cell[]> {
  const { file, metadata } = shard;
  const rowGroup = metadata.row_groups[group];
  const wanted = path.join('\0');
  const meta = rowGroup?.columns.find(
    (chunk) => chunk.meta_data?.path_in_schema.join('\0') === wanted,
  )?.meta_data;
  if (rowGroup === undefined || meta === undefined) throw malformed(file);
  const { type } = meta;
  if (type !== 'BYTE_ARRAY' && type !== 'INT32' && type !== 'INT64') {
    throw unsupported(file, `has a column ${path.join('.')} of type ${type}`);
  }
  const from = Number(meta.dictionary_page_offset || meta.data_page_offset);
  const size = Number(meta.total_compressed_size);
  if (!(from >= 0) || !(size >= 0) || from + size > file.blob.size) throw malformed(file);
  if (size > MAX_CHUNK_BYTES) throw tooLarge(file);
  const bytes = await readRange(file.blob, from, from + size);
  const rows = Number(rowGroup.num_rows);
  return guarded(file, () => chunkCells(shard, bytes, { type, codec: meta.codec, path, rows }));
}

interface Chunk {
  readonly type: LeafType;
  readonly codec: CompressionCodec;
  readonly path: readonly string[];
  readonly rows: number;
}

function chunkCells(shard: ParquetShard, bytes: Uint8Array<ArrayBuffer>, chunk: Chunk): Cell[] {
  const { file, tools } = shard;
  const cells: Cell[] = [];
  const maxLevel = optionalLevels(shard, chunk.path);
  const reader = { view: new DataView(bytes.buffer), offset: 0 };
  let dictionary: Cell[] | null = null;
  let unpacked = 0;
  while (cells.length < chunk.rows) {
    const page = tools.pageHeader(reader);
    const { compressed_page_size: packed, uncompressed_page_size: full } = page;
    if (!(packed >= 0) || !(full >= 0) || reader.offset + packed > bytes.length) throw malformed(file);
    unpacked += full;
    if (unpacked > MAX_CHUNK_BYTES) throw tooLarge(file);
    const body = bytes.subarray(reader.offset, reader.offset + packed);
    reader.offset += packed;
    const unpack = (part: Uint8Array, length: number) =>
      new PageReader(tools.unpack(part, length, chunk.codec, tools.compressors));
    const room = chunk.rows - cells.length;
    const [v1, v2, names] = [page.data_page_header, page.data_page_header_v2, page.dictionary_page_header];
    if (names !== undefined) {
      const values = unpack(body, full);
      if (!(names.num_values >= 0) || names.num_values > full) throw malformed(file);
      dictionary = Array.from({ length: names.num_values }, () => values.cell(chunk.type));
    } else if (v1 !== undefined) {
      if (!(v1.num_values >= 1) || v1.num_values > room) throw malformed(file);
      const values = unpack(body, full);
      const levels =
        maxLevel === 0
          ? null
          : levelsOf(new PageReader(values.take(values.uint32())), maxLevel, v1.num_values);
      const coding = { type: chunk.type, encoding: v1.encoding, dictionary };
      for (const cell of readCells(values, coding, levels, maxLevel, v1.num_values)) cells.push(cell);
    } else if (v2 !== undefined) {
      if (!(v2.num_values >= 1) || v2.num_values > room || v2.repetition_levels_byte_length !== 0)
        throw malformed(file);
      const skip = v2.definition_levels_byte_length;
      if (!(skip >= 0) || skip > body.length || skip > full) throw malformed(file);
      const levels =
        maxLevel === 0 ? null : levelsOf(new PageReader(body.subarray(0, skip)), maxLevel, v2.num_values);
      const rest = body.subarray(skip);
      const values = v2.is_compressed === false ? new PageReader(rest) : unpack(rest, full - skip);
      const coding = { type: chunk.type, encoding: v2.encoding, dictionary };
      for (const cell of readCells(values, coding, levels, maxLevel, v2.num_values)) cells.push(cell);
    } else if (page.type !== 'INDEX_PAGE') throw malformed(file);
  }
  return cells;
}

function levelsOf(reader: PageReader, maxLevel: number, count: number): Uint32Array {
  return readHybrid(reader, Math.ceil(Math.log2(maxLevel + 1)), count);
}

/** How many steps of the path may be absent. @throws StudioError `format/unsupported` for lists. */
function optionalLevels({ file, metadata }: ParquetShard, path: readonly string[]): number {
  let levels = 0;
  let at = 0;
  for (const name of path) {
    at = metadata.schema.findIndex((element, i) => i > at && element.name === name);
    const repetition = metadata.schema[at]?.repetition_type;
    if (at < 0 || repetition === 'REPEATED')
      throw unsupported(file, `has a list in its column ${path.join('.')}`);
    if (repetition === 'OPTIONAL') levels++;
  }
  return levels;
}

function guarded<T>(file: InputFile, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw asParquetError(file, cause);
  }
}

function asParquetError(file: InputFile, cause: unknown): StudioError {
  if (cause instanceof StudioError) return cause;
  const text = cause instanceof Error ? cause.message : '';
  if (/unsupported (?:compression|encoding)/.test(text)) return unsupported(file, `cannot be read: ${text}`);
  return malformed(file, cause);
}

function malformed(file: InputFile, cause?: unknown): StudioError {
  return new StudioError('format/malformed', `${file.path} is a damaged Parquet file.`, {
    subject: file.path,
    ...(cause === undefined ? {} : { cause }),
  });
}

function tooLarge(file: InputFile): StudioError {
  return new StudioError(
    'file/too-large',
    `${file.path} has a row group of more than ${MAX_CHUNK_BYTES / 2 ** 20} MiB in one column; write it again with smaller row groups.`,
    { subject: file.path },
  );
}

function unsupported(file: InputFile, why: string): StudioError {
  return new StudioError('format/unsupported', `${file.path} ${why}, which is not read.`, {
    subject: file.path,
  });
}
