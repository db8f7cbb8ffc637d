import { layOut, type Layout, type LayoutLimits } from './layout';
import { livenessOf, neededOperations } from './liveness';
import { isRecorded, usesOf, type AnyBuffer, type Operation, type RecordedBuffer } from './recording';
import { Unplannable } from './unplannable';

/** Where a recorded buffer is to lie in memory that outlives the plan. */
export interface Placement {
  readonly buffer: GPUBuffer;
  readonly offset: number;
}

/** Operations that matter, and where the temporaries among their buffers lie. */
export interface Resolved {
  /** As given, by section, without those that lead to nothing lasting. */
  readonly sections: readonly (readonly Operation[])[];
  /** Buffers whose content JavaScript gave; they never change. */
  readonly constants: readonly RecordedBuffer[];
  /** By `RecordedBuffer.id`. */
  readonly layout: Layout;
  /** The most temporary bytes that are alive at once: the least any layout needs. */
  readonly peakBytes: number;
}

/**
 * Lays out the temporaries of a recording.
 *
 * @param sections lists of operations, run in this order, of which a caller may leave some out. @param placed buffers with
 * a place of their own. @throws Unplannable where the recording does not allow it.
 */
export function resolve(
  sections: readonly (readonly Operation[])[],
  placed: ReadonlyMap<RecordedBuffer, Placement>,
  limits: LayoutLimits,
): Resolved {
  const all = sections.flat();
  const uses = all.map((operation) =>
    usesOf(operation).map(({ buffer, writes }) => ({ id: buffer, writes })),
  );
  const lasting = (buffer: AnyBuffer): boolean => !isRecorded(buffer) || placed.has(buffer);
  const needed = new Set(neededOperations(uses, lasting).flatMap((keep, i) => (keep ? [all[i]] : [])));
  const kept = sections.map((section) => section.filter((operation) => needed.has(operation)));
  const { constants, temporaries } = classify(kept, placed);
  const operations = kept
    .flat()
    .map((operation) =>
      usesOf(operation).flatMap(({ buffer, writes }) =>
        isRecorded(buffer) && temporaries.has(buffer.id) ? [{ temporary: buffer.id, writes }] : [],
      ),
    );
  const liveness = livenessOf(operations, temporaries);
  return { sections: kept, constants, layout: layOut(liveness, limits), peakBytes: liveness.peakBytes };
}

function classify(
  sections: readonly (readonly Operation[])[],
  placed: ReadonlyMap<RecordedBuffer, Placement>,
): { readonly constants: readonly RecordedBuffer[]; readonly temporaries: ReadonlyMap<number, number> } {
  const constants = new Set<RecordedBuffer>();
  const temporaries = new Map<number, number>();
  const homes = new Map<number, number>();
  const known = new Set<RecordedBuffer>();
  sections.forEach((section, number) => {
    for (const operation of section) {
      for (const { buffer, writes } of usesOf(operation)) {
        if (!isRecorded(buffer)) continue;
        if (buffer.content) {
          if (writes) throw new Unplannable('a shader overwrites a constant');
          constants.add(buffer);
          continue;
        }
        if (!known.has(buffer) && !writes && !isWrittenBy(operation, buffer))
          throw new Unplannable('a shader reads what nothing wrote');
        known.add(buffer);
        if (placed.has(buffer)) continue;
        temporaries.set(buffer.id, buffer.bytes);
        if ((homes.get(buffer.id) ?? number) !== number)
          throw new Unplannable('a value is shared by parts of the step that run apart');
        homes.set(buffer.id, number);
      }
    }
  });
  return { constants: [...constants], temporaries };
}

function isWrittenBy(operation: Operation, buffer: RecordedBuffer): boolean {
  return usesOf(operation).some((use) => use.writes && use.buffer === buffer);
}

/**
 * Of the wished placements those that are possible: no operation may come to read and write one buffer, nobody else may
 * have made the data, and a place is taken once.
 */
export function possiblePlacements(
  operations: readonly Operation[],
  wished: ReadonlyMap<RecordedBuffer, Placement>,
): Map<RecordedBuffer, Placement> {
  const written = new Set(
    operations.flatMap((operation) => usesOf(operation).flatMap((use) => (use.writes ? [use.buffer] : []))),
  );
  const possible = new Map([...wished].filter(([buffer]) => written.has(buffer) && buffer.content === null));
  const home = (buffer: AnyBuffer): AnyBuffer =>
    isRecorded(buffer) ? (possible.get(buffer)?.buffer ?? buffer) : buffer;
  for (const operation of operations) {
    const uses = usesOf(operation);
    for (const { buffer, writes } of uses) {
      if (!isRecorded(buffer) || !possible.has(buffer)) continue;
      const clash = uses.some(
        (other) => other.buffer !== buffer && other.writes !== writes && home(other.buffer) === home(buffer),
      );
      if (clash) possible.delete(buffer);
    }
  }
  return possible;
}
