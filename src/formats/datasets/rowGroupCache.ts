import { StudioError } from '../../protocol/errors';
import type { ImageColumns } from './parquetColumns';
import { readGroupColumn, type ParquetShard } from './parquetShard';

/** Stated cap on encoded images that are kept: all of CIFAR-10's train part, or some groups of photos. */
const CACHE_BYTES = 192 * 2 ** 20;

interface Held {
  readonly images: Promise<readonly (Uint8Array | null)[]>;
  bytes: number;
}

/** Row groups of encoded images, read whole because Parquet has them so; those used longest ago make room. */
export class RowGroupCache {
  private readonly held = new Map<string, Held>();
  private readonly ids = new Map<ParquetShard, number>();
  private total = 0;

  /**
   * One image's file, by its place in a row group.
   * @throws StudioError `dataset/decode-failed` where the row has none, and `readGroupColumn`'s codes.
   */
  async image(
    shard: ParquetShard,
    columns: ImageColumns,
    group: number,
    row: number,
    path: string,
  ): Promise<Uint8Array> {
    const bytes = (await this.group(shard, columns, group))[row];
    if (bytes) return bytes;
    throw new StudioError(
      'dataset/decode-failed',
      `${path} has no bytes; shards that only name files elsewhere are not read.`,
      { subject: shard.file.path },
    );
  }

  private group(
    shard: ParquetShard,
    columns: ImageColumns,
    group: number,
  ): Promise<readonly (Uint8Array | null)[]> {
    const id = this.ids.get(shard) ?? this.ids.size;
    this.ids.set(shard, id);
    const key = `${id} ${group}`;
    const known = this.held.get(key);
    if (known) {
      this.held.delete(key);
      this.held.set(key, known);
      return known.images;
    }
    const entry: Held = { images: readImages(shard, columns, group), bytes: 0 };
    this.held.set(key, entry);
    entry.images.then(
      (images) => {
        entry.bytes = images.reduce((sum, bytes) => sum + (bytes?.length ?? 0), 0);
        this.total += entry.bytes;
        this.makeRoom(key);
      },
      () => this.held.delete(key),
    );
    return entry.images;
  }

  private makeRoom(newest: string): void {
    for (const [key, { bytes }] of this.held) {
      if (this.total <= CACHE_BYTES) return;
      if (key === newest || bytes === 0) continue;
      this.held.delete(key);
      this.total -= bytes;
    }
  }
}

async function readImages(
  shard: ParquetShard,
  { image, struct }: ImageColumns,
  group: number,
): Promise<readonly (Uint8Array | null)[]> {
  const cells = await readGroupColumn(shard, group, struct ? [image, 'bytes'] : [image]);
  // A view of the row group's buffer would keep all of it alive.
  return cells.map((cell) => (cell instanceof Uint8Array ? cell.slice() : null));
}
