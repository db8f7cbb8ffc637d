import { isRecorded, usesOf, type AnyBuffer, type Operation } from './recording';

/**
 * Whether two recordings would have the GPU do the same: the same shaders on the same data flow with the same constants.
 * The buffers of each are numbered by first use. Pieces of a value that changes from step to step, and that JavaScript
 * hands over as a constant, show here.
 */
export function sameOperations(a: readonly Operation[], b: readonly Operation[]): boolean {
  if (a.length !== b.length) return false;
  const [numberA, numberB] = [numbering(), numbering()];
  return a.every((operation, i) => {
    const other = b[i];
    if (!other || operation.kind !== other.kind) return false;
    if (operation.kind === 'dispatch' && other.kind === 'dispatch') {
      if (operation.pipeline !== other.pipeline) return false;
      if (String(operation.groups) !== String(other.groups)) return false;
    }
    const [uses, others] = [usesOf(operation), usesOf(other)];
    return (
      uses.length === others.length &&
      uses.every((use, k) => {
        const match = others[k];
        return (
          match !== undefined &&
          use.offset === match.offset &&
          use.size === match.size &&
          sameBuffer(use.buffer, match.buffer, numberA, numberB)
        );
      })
    );
  });
}

function numbering(): (buffer: AnyBuffer) => number {
  const seen = new Map<AnyBuffer, number>();
  return (buffer) => {
    const known = seen.get(buffer);
    if (known !== undefined) return known;
    seen.set(buffer, seen.size);
    return seen.size - 1;
  };
}

function sameBuffer(
  a: AnyBuffer,
  b: AnyBuffer,
  numberA: (buffer: AnyBuffer) => number,
  numberB: (buffer: AnyBuffer) => number,
): boolean {
  const same = numberA(a) === numberB(b);
  if (!isRecorded(a) || !isRecorded(b)) return same && a === b;
  return same && a.bytes === b.bytes && sameBytes(a.content, b.content);
}

function sameBytes(a: Uint8Array | null, b: Uint8Array | null): boolean {
  if (a === null || b === null) return a === b;
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}
