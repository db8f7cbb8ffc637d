import type { ImageSplit } from './dataset';

/** Stated cap: what a split may keep decoded. CIFAR-10's training part takes 154 MB, ImageNet-50 at 224 px 9.8 GB. */
export const DEFAULT_CACHE_BYTES = 2 ** 30;

/** A group of images that is being read; who waits for one of them copies it from here. */
interface Group {
  readonly pixels: Promise<Uint8Array>;
  /** Place of each image in `pixels`. */
  readonly places: ReadonlyMap<number, number>;
}

/**
 * The same split with its decoded pixels kept in one preallocated array. Where the cap is smaller than the split, the
 * images used longest ago make room. An image that several callers want at once is decoded once. A split that is
 * in memory anyway, or of which not one image fits, comes back as it is.
 * @param imageBytes H * W * 3.
 * @param capBytes most bytes to keep.
 */
export function cachedSplit(
  split: ImageSplit,
  imageBytes: number,
  capBytes = DEFAULT_CACHE_BYTES,
): ImageSplit {
  const slots = Math.min(split.count, Math.floor(capBytes / imageBytes));
  if (split.resident === true || slots === 0) return split;
  let kept: Uint8Array;
  try {
    kept = new Uint8Array(slots * imageBytes);
  } catch {
    return split; // the machine has less memory than the cap: read again each time
  }
  const store = new SlotStore(kept, slots, imageBytes);
  const underWay = new Map<number, Group>();

  const start = (missing: readonly number[]): Group => {
    const places = new Map(missing.map((index, place) => [index, place]));
    const pixels = split.read(missing).then((read) => {
      for (const [index, place] of places)
        store.put(index, read.subarray(place * imageBytes, (place + 1) * imageBytes));
      return read;
    });
    const group = { pixels, places };
    for (const index of missing) underWay.set(index, group);
    const forget = () => missing.forEach((index) => underWay.delete(index));
    pixels.then(forget, forget);
    return group;
  };

  const read = async (indices: ArrayLike<number>): Promise<Uint8Array> => {
    const out = new Uint8Array(indices.length * imageBytes);
    const missing = new Set<number>();
    const waiting: { readonly at: number; readonly index: number; readonly group: Group | null }[] = [];
    for (let i = 0; i < indices.length; i++) {
      const index = indices[i] ?? -1;
      const held = store.get(index);
      if (held !== null) {
        out.set(held, i * imageBytes);
        continue;
      }
      const group = underWay.get(index) ?? null;
      if (group === null) missing.add(index);
      waiting.push({ at: i, index, group });
    }
    const own = missing.size === 0 ? null : start([...missing]);
    // All are awaited before one failure is thrown, so that no rejection is left without a listener.
    const groups = new Set(waiting.flatMap(({ group }) => group ?? own ?? []));
    const settled = await Promise.allSettled([...groups].map(({ pixels }) => pixels));
    for (const result of settled) if (result.status === 'rejected') throw result.reason;
    for (const { at, index, group } of waiting) {
      const source = group ?? own;
      const pixels = await source?.pixels;
      const place = source?.places.get(index) ?? 0;
      if (pixels !== undefined)
        out.set(pixels.subarray(place * imageBytes, (place + 1) * imageBytes), at * imageBytes);
    }
    return out;
  };
  return { count: split.count, labels: split.labels, read };
}

/** Fixed slots for images; a map in order of use says which to give up. */
class SlotStore {
  private readonly slotOf = new Map<number, number>();

  constructor(
    private readonly bytes: Uint8Array,
    private readonly slots: number,
    private readonly imageBytes: number,
  ) {}

  /** A view that is valid until the next `put`, or null. */
  get(index: number): Uint8Array | null {
    const slot = this.slotOf.get(index);
    if (slot === undefined) return null;
    this.slotOf.delete(index);
    this.slotOf.set(index, slot);
    return this.bytes.subarray(slot * this.imageBytes, (slot + 1) * this.imageBytes);
  }

  put(index: number, image: Uint8Array): void {
    if (this.slotOf.has(index)) return;
    let slot = this.slotOf.size;
    if (slot >= this.slots) {
      const [oldest] = this.slotOf;
      if (oldest === undefined) return;
      slot = oldest[1];
      this.slotOf.delete(oldest[0]);
    }
    this.bytes.set(image, slot * this.imageBytes);
    this.slotOf.set(index, slot);
  }
}
