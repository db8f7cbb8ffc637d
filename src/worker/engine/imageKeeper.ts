import { cachedSplit, DEFAULT_CACHE_BYTES } from '../../data/cachedSplit';
import type { ImageSplit } from '../../data/dataset';
import { sha256OfBlob } from '../../formats/hash';
import type { DecodedReport, KeptImages } from '../../protocol/summaries';
import type { DecodedStore } from '../../storage/decodedStore';
import type { DecodedStores, NotKept } from '../../storage/decodedStores';
import { decodedSplit } from './decodedSplit';

/** A split whose decoded pixels take no more than this stays in memory; of a larger one, so much does. */
export const MEMORY_BYTES = 256 * 2 ** 20;
/** Images that are decoded ahead at a time: short enough that nobody who waits for the thread notices. */
const AHEAD_IMAGES = 8;

/** A split as the session reads it, with its decoded images kept where they are worth it. */
export interface KeptSplit {
  readonly split: ImageSplit;
  /** Null where they need not be kept: they fit in memory, or lie in the file as they are. */
  status(): KeptImages | null;
  /** Decodes a few images that nobody has asked for yet. @returns false once there are none, or they cannot be kept. */
  ahead(): Promise<boolean>;
  /** Gives the store back; reading goes on by decoding. */
  close(): Promise<void>;
}

const TELL: Readonly<Record<NotKept | 'none' | 'unidentified', string>> = {
  none: 'There is no place here to keep decoded images',
  unidentified: 'What these images are made of cannot be told from their files',
  'in-use': 'Another tab or process has these images’ decoded copies open',
  'too-large': 'Decoded, these images take more than may be kept on disk',
  'no-room': 'The disk has too little room to keep these images decoded',
  failed: 'The place for decoded images cannot be used',
};
const AGAIN = 'so what does not fit in memory is decoded again each time it is needed.';
const REST_AGAIN = 'images that are not kept are decoded again each time they are needed.';

/**
 * Decides where the decoded pixels of a split are kept: in memory where they fit, else in a store on disk with a part of them in
 * memory, else, where there is no store to be had, in as much memory as there was before there were stores.
 */
export class ImageKeeper {
  /**
   * @param stores null where there is nowhere to keep anything.
   * @param memory most bytes of a split in memory, beside a store and without one.
   */
  constructor(
    private readonly stores: DecodedStores | null,
    private readonly memory = { bytes: MEMORY_BYTES, withoutStore: DEFAULT_CACHE_BYTES },
  ) {}

  /** What is kept on this machine, from earlier sessions too. */
  async report(): Promise<DecodedReport> {
    const { stores } = this;
    if (stores === null) return { available: false, capBytes: 0, stores: [] };
    return { available: true, capBytes: stores.capBytes, stores: await stores.list() };
  }

  /** Deletes everything that is kept; images that are loaded are decoded again when needed. */
  async clear(): Promise<void> {
    await this.stores?.clear();
  }

  /** Makes what is kept last, and closes it. */
  async close(): Promise<void> {
    await this.stores?.close();
  }

  /**
   * @param name the data set's, for the person. @param part tells its splits apart.
   * @param imageBytes H * W * 3.
   */
  async keep(split: ImageSplit, imageBytes: number, name: string): Promise<KeptSplit> {
    const { count } = split;
    const fits = count * imageBytes <= this.memory.bytes;
    if (fits || split.resident === true || split.raw === true) return this.inMemory(split, imageBytes, null);
    if (!split.contentKey) return this.inMemory(split, imageBytes, 'unidentified');
    const { stores } = this;
    if (stores === null) return this.inMemory(split, imageBytes, 'none');
    const id = await sha256OfBlob(new Blob([`${await split.contentKey()} ${count} ${imageBytes}`]));
    const store = await stores.open({ id, name, count, imageBytes });
    if (typeof store === 'string') return this.inMemory(split, imageBytes, store);
    return onDisk(split, store, this.memory.bytes, () => stores.release(id, store));
  }

  private inMemory(split: ImageSplit, imageBytes: number, why: keyof typeof TELL | null): KeptSplit {
    const { count } = split;
    const cap = this.memory.withoutStore;
    const problem = why === null || count * imageBytes <= cap ? null : `${TELL[why]}, ${AGAIN}`;
    return {
      split: cachedSplit(split, imageBytes, cap),
      status: () => (problem === null ? null : { count, stored: 0, bytes: 0, problem }),
      ahead: () => Promise.resolve(false),
      close: () => Promise.resolve(),
    };
  }
}

function onDisk(
  split: ImageSplit,
  store: DecodedStore,
  memoryBytes: number,
  release: () => Promise<void>,
): KeptSplit {
  let problem: string | null = null;
  let next = 0;
  const decoded = decodedSplit(split, store, ({ code }) => {
    const what =
      code === 'storage/quota' ? 'The disk is full' : 'Decoded images can no longer be written to the disk';
    problem = `${what}: ${REST_AGAIN}`;
  });
  return {
    split: cachedSplit(decoded, store.imageBytes, memoryBytes),
    status: () => ({
      count: store.count,
      stored: store.closed ? 0 : store.stored,
      bytes: store.closed ? 0 : store.bytes,
      problem: problem ?? (store.closed ? `The decoded copies were deleted: ${REST_AGAIN}` : null),
    }),
    async ahead() {
      if (problem !== null || store.closed) return false;
      const indices: number[] = [];
      for (let i = store.missingFrom(next); i !== null && indices.length < AHEAD_IMAGES;) {
        indices.push(i);
        i = store.missingFrom(i + 1);
      }
      if (indices.length === 0) {
        await store.commit().catch(() => undefined);
        return false;
      }
      // Past them also where one cannot be decoded: who asks for that one is told.
      next = (indices.at(-1) ?? store.count) + 1;
      await decoded.read(indices).catch(() => undefined);
      return true;
    },
    close: release,
  };
}
