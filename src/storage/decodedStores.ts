import { DecodedStore, HEADER_BYTES, readHeader } from './decodedStore';
import type { RandomFiles } from './randomFiles';

/** All stores together; the one used longest ago goes first. ImageNet-50's training part at 224 px takes 9.8 GB. */
export const DECODED_CAP_BYTES = 20e9;
/** No store may take more than this share of what the disk, or the browser's quota, has left. */
const FREE_SHARE = 0.5;
/** What nobody has opened for so long is deleted. */
const STALE_MS = 30 * 24 * 3600 * 1000;

/** Why a split is not kept decoded. */
export type NotKept = 'in-use' | 'too-large' | 'no-room' | 'failed';

/** What is wanted of a store. */
export interface DecodedRequest {
  /** Hex digits that stand for the images' content, their size and what is done to them. */
  readonly id: string;
  readonly name: string;
  readonly count: number;
  /** H * W * 3. */
  readonly imageBytes: number;
}

/** A store as the person sees it. */
export interface StoredDecoded {
  readonly id: string;
  readonly name: string;
  readonly count: number;
  /** Bytes that its files stand for. */
  readonly sizeBytes: number;
  readonly usedAt: number;
  readonly open: boolean;
}

const PIXELS = '.pixels';
const STATE = '.state';

interface Held {
  readonly store: Promise<DecodedStore | NotKept>;
  users: number;
}

/**
 * Stores of decoded images in one folder, two files each. Several parts of a session may have one open at once; other tabs and
 * processes are kept out. Room is made by deleting what was used longest ago and is not open.
 */
export class DecodedStores {
  private readonly held = new Map<string, Held>();
  /** Opening, evicting and clearing go one after the other. */
  private tail: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly files: RandomFiles,
    readonly capBytes = DECODED_CAP_BYTES,
  ) {}

  /** Opens the store, or says why there is none. Each one that was opened is to be given back by `release`. */
  async open(request: DecodedRequest): Promise<DecodedStore | NotKept> {
    const { id } = request;
    const known = this.held.get(id);
    if (known) {
      const store = await known.store;
      if (typeof store !== 'string' && this.held.get(id) === known) {
        known.users += 1;
        return store;
      }
    }
    const store = this.inTurn(() => this.openFiles(request)).catch((): NotKept => 'failed');
    const held: Held = { store, users: 1 };
    this.held.set(id, held);
    const opened = await store;
    if (typeof opened === 'string' && this.held.get(id) === held) this.held.delete(id);
    return opened;
  }

  /** Gives a store back; the last one to do so closes its files. */
  async release(id: string, store: DecodedStore): Promise<void> {
    const held = this.held.get(id);
    if (!held || (await held.store) !== store || --held.users > 0) return;
    this.held.delete(id);
    await this.inTurn(() => store.close());
  }

  /** Every store there is, the one used last first. */
  async list(): Promise<StoredDecoded[]> {
    const sizes = new Map((await this.files.list()).map(({ name, sizeBytes }) => [name, sizeBytes]));
    const found: StoredDecoded[] = [];
    for (const [name, sizeBytes] of sizes) {
      if (!name.endsWith(PIXELS)) continue;
      const id = name.slice(0, -PIXELS.length);
      const bytes = await this.files.head(id + STATE, HEADER_BYTES);
      const header = bytes && readHeader(bytes);
      found.push({
        id,
        name: header?.name ?? 'unfinished',
        count: header?.count ?? 0,
        sizeBytes: sizeBytes + (sizes.get(id + STATE) ?? 0),
        usedAt: header?.usedAt ?? 0,
        open: this.held.has(id),
      });
    }
    return found.sort((a, b) => b.usedAt - a.usedAt);
  }

  /** Deletes every store, those open here included; what another tab or process has open stays. */
  clear(): Promise<void> {
    return this.closeAll(async () => {
      for (const { name } of await this.files.list()) await this.files.remove(name);
    });
  }

  /** Commits and closes whatever is open. */
  close(): Promise<void> {
    return this.closeAll(() => Promise.resolve());
  }

  private closeAll(then: () => Promise<void>): Promise<void> {
    // Taken now: what is opened from here on waits for its turn behind this.
    const open = [...this.held.values()];
    this.held.clear();
    return this.inTurn(async () => {
      for (const { store } of open) {
        const opened = await store;
        if (typeof opened !== 'string') await opened.close();
      }
      await then();
    });
  }

  private async openFiles(request: DecodedRequest): Promise<DecodedStore | NotKept> {
    const { id, count, imageBytes } = request;
    const refusal = await this.makeRoom(id, count * imageBytes);
    if (refusal !== null) return refusal;
    const state = await this.files.open(id + STATE);
    if (state === null) return 'in-use';
    const pixels = await this.files.open(id + PIXELS);
    if (pixels === null) {
      await state.close();
      return 'in-use';
    }
    try {
      return await DecodedStore.take(pixels, state, request);
    } catch {
      await pixels.close();
      await state.close();
      await this.remove(id);
      return 'no-room';
    }
  }

  /** Deletes what nobody has used for long, then the oldest stores until `sizeBytes` fit for `id`. Nothing is deleted for what would not fit anyway. */
  private async makeRoom(id: string, sizeBytes: number): Promise<NotKept | null> {
    if (sizeBytes > this.capBytes) return 'too-large';
    await this.removeStale();
    const all = await this.list();
    const own = all.find((store) => store.id === id);
    if (own && own.sizeBytes >= sizeBytes) return null;
    const others = all.filter((store) => store.id !== id);
    const evictable = others.filter((store) => !store.open).toReversed();
    const free = await this.files.freeBytes();
    let total = others.reduce((sum, store) => sum + store.sizeBytes, 0);
    let room = free === null ? Infinity : free + (own?.sizeBytes ?? 0);
    const reach = room + evictable.reduce((sum, store) => sum + store.sizeBytes, 0);
    if (sizeBytes > reach * FREE_SHARE) return 'no-room';
    for (const store of evictable) {
      if (total + sizeBytes <= this.capBytes && sizeBytes <= room * FREE_SHARE) return null;
      if (!(await this.remove(store.id))) continue;
      total -= store.sizeBytes;
      room += store.sizeBytes;
    }
    if (total + sizeBytes > this.capBytes || sizeBytes > room * FREE_SHARE) return 'no-room';
    return null;
  }

  private async removeStale(): Promise<void> {
    for (const store of await this.list())
      if (!store.open && store.usedAt < Date.now() - STALE_MS) await this.remove(store.id);
  }

  /** The marks go first: pixels without them are never read. @returns false where somebody has it open. */
  private async remove(id: string): Promise<boolean> {
    return (await this.files.remove(id + STATE)) && (await this.files.remove(id + PIXELS));
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.tail.then(work);
    this.tail = turn.catch(() => undefined);
    return turn;
  }
}
