import type { Lifetime, Liveness } from './liveness';

/** Where a temporary lies. */
export interface Place {
  readonly bank: number;
  /** In bytes. */
  readonly offset: number;
}

/** Temporaries in a few large buffers. */
export interface Layout {
  /** Size of each bank in bytes. */
  readonly banks: readonly number[];
  readonly places: ReadonlyMap<number, Place>;
}

/** What the device allows. */
export interface LayoutLimits {
  /** Offsets are multiples of this. */
  readonly alignment: number;
  /** The largest bank in bytes. */
  readonly bankBytes: number;
}

interface Bank {
  height: number;
  /** By offset. */
  readonly placed: (Lifetime & { readonly offset: number })[];
}

type Order = (a: Lifetime, b: Lifetime) => number;

const span = ({ first, last }: Lifetime): number => last - first + 1;
const ORDERS: readonly Order[] = [
  (a, b) => b.bytes - a.bytes || span(b) - span(a),
  (a, b) => b.bytes * span(b) - a.bytes * span(a),
  (a, b) => span(b) - span(a) || b.bytes - a.bytes,
  (a, b) => a.first - b.first || b.bytes - a.bytes,
];

/**
 * Places temporaries so that no two that are alive together share bytes, and none lies in the bank of one it has to be
 * apart from. Greedy, in several orders, of which the smallest result counts. (Minimising is NP-hard.)
 */
export function layOut({ lifetimes, apart }: Liveness, limits: LayoutLimits): Layout {
  let best: Layout | null = null;
  for (const order of ORDERS) {
    const layout = greedy([...lifetimes].sort(order), apart, limits);
    if (best === null || total(layout) < total(best)) best = layout;
  }
  return best ?? { banks: [], places: new Map() };
}

/** All banks together, in bytes. */
export function total({ banks }: Layout): number {
  return banks.reduce((sum, bytes) => sum + bytes, 0);
}

function greedy(sorted: readonly Lifetime[], apart: Liveness['apart'], limits: LayoutLimits): Layout {
  const banks: Bank[] = [];
  const places = new Map<number, Place>();
  for (const lifetime of sorted) {
    const bytes = Math.ceil(lifetime.bytes / limits.alignment) * limits.alignment;
    const barred = new Set<number>();
    for (const other of apart.get(lifetime.temporary) ?? []) {
      const place = places.get(other);
      if (place) barred.add(place.bank);
    }
    let choice = { bank: banks.length, offset: 0, growth: bytes };
    banks.forEach((bank, index) => {
      if (barred.has(index)) return;
      const offset = lowestGap(bank, lifetime, bytes);
      const growth = Math.max(0, offset + bytes - bank.height);
      if (offset + bytes > limits.bankBytes) return;
      if (choice.bank === banks.length || growth < choice.growth) choice = { bank: index, offset, growth };
    });
    const bank = banks[choice.bank] ?? { height: 0, placed: [] };
    banks[choice.bank] = bank;
    insert(bank, { ...lifetime, bytes, offset: choice.offset });
    places.set(lifetime.temporary, { bank: choice.bank, offset: choice.offset });
  }
  return { banks: banks.map(({ height }) => height), places };
}

/** The tightest gap between those alive at the same time that holds `bytes`, or the end of them. */
function lowestGap({ placed }: Bank, { first, last }: Lifetime, bytes: number): number {
  let [end, best, slack] = [0, -1, Infinity];
  for (const other of placed) {
    if (other.last < first || other.first > last) continue;
    const gap = other.offset - end;
    if (gap >= bytes && gap - bytes < slack) [best, slack] = [end, gap - bytes];
    end = Math.max(end, other.offset + other.bytes);
  }
  return best >= 0 ? best : end;
}

function insert(bank: Bank, entry: Lifetime & { readonly offset: number }): void {
  const at = bank.placed.findIndex(({ offset }) => offset > entry.offset);
  bank.placed.splice(at < 0 ? bank.placed.length : at, 0, entry);
  bank.height = Math.max(bank.height, entry.offset + entry.bytes);
}
