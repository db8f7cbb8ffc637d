import { z } from 'zod';
import { StudioError } from '../protocol/errors';
import { writeError } from './errors';
import type { RandomFile } from './randomFiles';

/** What a store holds, as its state file begins. */
const headerSchema = z.object({
  version: z.literal(1),
  /** The data set's name, for the person. */
  name: z.string(),
  count: z.int().min(1),
  imageBytes: z.int().min(1),
  /** When it was last opened; milliseconds since 1970. */
  usedAt: z.number(),
});
export type DecodedHeader = z.infer<typeof headerSchema>;

/** The header is JSON, filled up with spaces; the bitmap of what is decoded begins behind it. */
export const HEADER_BYTES = 1024;
/** Names that are longer are cut, so that the header fits. */
const MAX_NAME = 100;
/** So much is written before it is made to last and marked as there: what a crash can cost. */
const COMMIT_BYTES = 64 * 2 ** 20;

/** The header of a state file's first bytes, or null where they are not one. */
export function readHeader(bytes: Uint8Array): DecodedHeader | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, HEADER_BYTES));
    return headerSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/**
 * Decoded images of one split: `pixels` has image i as uint8 [H, W, 3] at byte i * imageBytes, `state` says which of them are
 * there. An image is marked in `state` only once its pixels have been flushed, so a crash loses images and never shows one that
 * is not whole.
 */
export class DecodedStore {
  readonly imageBytes: number;
  readonly count: number;
  /** What has been written, lasting or not. */
  private readonly written: Uint8Array;
  private writtenCount: number;
  private uncommitted = 0;
  private tail: Promise<unknown> = Promise.resolve();
  private open = true;

  private constructor(
    private readonly pixels: RandomFile,
    private readonly state: RandomFile,
    header: DecodedHeader,
    bitmap: Uint8Array,
  ) {
    this.imageBytes = header.imageBytes;
    this.count = header.count;
    this.written = bitmap;
    this.writtenCount = countBits(bitmap, header.count);
  }

  /**
   * Takes over two open files: what they hold where that is a store of this shape and whole, an empty store otherwise. The files
   * are the store's from here on; where this throws they are still the caller's.
   * @throws StudioError `storage/quota`, `storage/unavailable`.
   */
  static async take(
    pixels: RandomFile,
    state: RandomFile,
    wanted: Pick<DecodedHeader, 'name' | 'count' | 'imageBytes'>,
  ): Promise<DecodedStore> {
    const { count, imageBytes } = wanted;
    const header: DecodedHeader = {
      version: 1,
      name: wanted.name.slice(0, MAX_NAME),
      count,
      imageBytes,
      usedAt: Date.now(),
    };
    try {
      const known = await knownBitmap(pixels, state, wanted);
      const bitmap = known ?? new Uint8Array(Math.ceil(count / 8));
      if (known === null) {
        // In this order: the old marks are gone before the pixels that they spoke of are.
        await state.resize(0);
        await state.flush();
        await pixels.resize(0);
        await pixels.resize(count * imageBytes);
        await pixels.flush();
      }
      await writeWhole(state, encodeHeader(header), 0);
      if (known === null) await writeWhole(state, bitmap, HEADER_BYTES);
      await state.flush();
      return new DecodedStore(pixels, state, header, bitmap);
    } catch (error) {
      throw writeError(error, 'the decoded images');
    }
  }

  /** How many images can be read. */
  get stored(): number {
    return this.writtenCount;
  }

  /** Bytes of the images that can be read. */
  get bytes(): number {
    return this.writtenCount * this.imageBytes;
  }

  /** True once `close` was called: nothing can be read or written any more. */
  get closed(): boolean {
    return !this.open;
  }

  has(index: number): boolean {
    return this.open && ((this.written[index >> 3] ?? 0) & (1 << (index & 7))) !== 0;
  }

  /** The first image from `from` on that is missing, or null. */
  missingFrom(from: number): number | null {
    for (let index = from; index < this.count; index++) if (!this.has(index)) return index;
    return null;
  }

  /**
   * Copies an image that is there into `into`, imageBytes long.
   * @returns false where the file gave less than the whole image; it then counts as missing.
   */
  async read(index: number, into: Uint8Array): Promise<boolean> {
    if (!this.has(index)) return false;
    try {
      if ((await this.pixels.read(into, index * this.imageBytes)) === this.imageBytes) return true;
    } catch {
      // A file that cannot be read is as good as one that is not there.
    }
    if (this.has(index)) this.mark(index, false);
    return false;
  }

  /**
   * Writes one image. It lasts after the next commit, which comes by itself now and then.
   * @throws StudioError `storage/quota`, `storage/unavailable`; the image then counts as missing.
   */
  async write(index: number, image: Uint8Array): Promise<void> {
    if (!this.open || index < 0 || index >= this.count || image.length !== this.imageBytes) return;
    if (this.has(index)) return;
    try {
      await writeWhole(this.pixels, image, index * this.imageBytes);
    } catch (error) {
      throw writeError(error, 'the decoded images');
    }
    if (!this.has(index)) this.mark(index, true);
    this.uncommitted += image.length;
    if (this.uncommitted >= COMMIT_BYTES) await this.commit();
  }

  /**
   * Makes everything that was written last, then marks it as there.
   * @throws StudioError `storage/quota`, `storage/unavailable`.
   */
  commit(): Promise<void> {
    const turn = this.tail.then(async () => {
      const { uncommitted } = this;
      if (!this.open || uncommitted === 0) return;
      const marks = this.written.slice();
      this.uncommitted = 0;
      try {
        await this.pixels.flush();
        await writeWhole(this.state, marks, HEADER_BYTES);
        await this.state.flush();
      } catch (error) {
        this.uncommitted += uncommitted;
        throw writeError(error, 'the decoded images');
      }
    });
    this.tail = turn.catch(() => undefined);
    return turn;
  }

  /** Commits, as far as that is possible, and lets the files go. */
  async close(): Promise<void> {
    if (!this.open) return;
    await this.commit().catch(() => undefined);
    if (this.closed) return;
    this.open = false;
    await this.pixels.close();
    await this.state.close();
  }

  private mark(index: number, there: boolean): void {
    const bit = 1 << (index & 7);
    const byte = this.written[index >> 3] ?? 0;
    this.written[index >> 3] = there ? byte | bit : byte & ~bit;
    this.writtenCount += there ? 1 : -1;
  }
}

/** The marks of a state file that fits its pixels and what is wanted, or null. */
async function knownBitmap(
  pixels: RandomFile,
  state: RandomFile,
  { count, imageBytes }: Pick<DecodedHeader, 'count' | 'imageBytes'>,
): Promise<Uint8Array | null> {
  const bitmap = new Uint8Array(Math.ceil(count / 8));
  const bytes = new Uint8Array(HEADER_BYTES);
  if ((await state.read(bytes, 0)) !== HEADER_BYTES) return null;
  const header = readHeader(bytes);
  if (header?.count !== count || header.imageBytes !== imageBytes) return null;
  if ((await pixels.size()) !== count * imageBytes) return null;
  return (await state.read(bitmap, HEADER_BYTES)) === bitmap.length ? bitmap : null;
}

function encodeHeader(header: DecodedHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES).fill(0x20);
  const text = new TextEncoder().encode(JSON.stringify(header));
  if (text.length > HEADER_BYTES) throw new StudioError('internal', 'A store of images has too long a name.');
  bytes.set(text);
  return bytes;
}

async function writeWhole(file: RandomFile, bytes: Uint8Array, at: number): Promise<void> {
  const written = await file.write(bytes, at);
  if (written !== bytes.length) throw new DOMException('Short write', 'QuotaExceededError');
}

function countBits(bitmap: Uint8Array, count: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) if (((bitmap[i >> 3] ?? 0) & (1 << (i & 7))) !== 0) found += 1;
  return found;
}
