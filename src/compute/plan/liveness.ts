/** One temporary that an operation reads or writes. */
export interface Touch {
  readonly temporary: number;
  readonly writes: boolean;
}

/** From which operation to which a temporary holds what is still needed, both included. */
export interface Lifetime {
  readonly temporary: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** What the layout of temporaries has to respect. */
export interface Liveness {
  readonly lifetimes: readonly Lifetime[];
  /** Pairs that one operation writes and reads: WebGPU wants them in different buffers, whatever their ranges. */
  readonly apart: ReadonlyMap<number, ReadonlySet<number>>;
  /** The most bytes that are alive during one operation: no layout needs less. */
  readonly peakBytes: number;
}

/** Lifetimes of the temporaries of a list of operations. @param bytes by temporary. */
export function livenessOf(
  operations: readonly (readonly Touch[])[],
  bytes: ReadonlyMap<number, number>,
): Liveness {
  const spans = new Map<number, { first: number; last: number }>();
  const apart = new Map<number, Set<number>>();
  operations.forEach((touches, at) => {
    for (const { temporary } of touches) {
      const span = spans.get(temporary);
      if (span) span.last = at;
      else spans.set(temporary, { first: at, last: at });
    }
    for (const a of touches) {
      for (const b of touches) {
        if (!a.writes || b.writes || a.temporary === b.temporary) continue;
        link(apart, a.temporary, b.temporary);
        link(apart, b.temporary, a.temporary);
      }
    }
  });
  const lifetimes = [...spans].map(([temporary, span]) => {
    return { temporary, bytes: bytes.get(temporary) ?? 0, ...span };
  });
  return { lifetimes, apart, peakBytes: peakOf(lifetimes, operations.length) };
}

function link(apart: Map<number, Set<number>>, a: number, b: number): void {
  const known = apart.get(a) ?? new Set<number>();
  apart.set(a, known.add(b));
}

function peakOf(lifetimes: readonly Lifetime[], length: number): number {
  const change = new Float64Array(length + 1);
  for (const { first, last, bytes } of lifetimes) {
    change[first] = (change[first] ?? 0) + bytes;
    change[last + 1] = (change[last + 1] ?? 0) - bytes;
  }
  let [live, peak] = [0, 0];
  for (const delta of change) {
    live += delta;
    peak = Math.max(peak, live);
  }
  return peak;
}

/**
 * Which operations matter: those that write something of lasting use, and those that others that matter read from.
 * @param lasting true for what outlives the list. Ids are any; a writer also counts as a reader of what it writes.
 */
export function neededOperations<Id>(
  operations: readonly (readonly { readonly id: Id; readonly writes: boolean }[])[],
  lasting: (id: Id) => boolean,
): boolean[] {
  const needed = new Set<Id>();
  const kept = operations.map(() => false);
  for (let at = operations.length - 1; at >= 0; at--) {
    const uses = operations[at] ?? [];
    if (!uses.some(({ id, writes }) => writes && (needed.has(id) || lasting(id)))) continue;
    kept[at] = true;
    for (const { id } of uses) needed.add(id);
  }
  return kept;
}
