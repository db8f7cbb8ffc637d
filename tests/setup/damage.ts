import fc from 'fast-check';
import { expect } from 'vitest';
import { StudioError } from '../../src/protocol/errors';

/** Changed bytes and a cut-off end, for `whole.length` bytes; half of the changes fall on the first `head`. */
export function damageOf(whole: Uint8Array, head = whole.length): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const place = fc.oneof(fc.nat(Math.min(head, whole.length) - 1), fc.nat(whole.length - 1));
  const changes = fc.array(fc.tuple(place, fc.nat(255)), { maxLength: 6 });
  const keep = fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true }));
  return fc.tuple(changes, keep).map(([list, part]) => {
    const bytes = Uint8Array.from(whole.subarray(0, Math.ceil(whole.length * part)));
    for (const [at, value] of list) if (at < bytes.length) bytes[at] = value;
    return bytes;
  });
}

/** Runs `open` on damaged copies: each gives a result or a `StudioError`, nothing else and never a hang. */
export async function expectOnlyStudioErrors(
  whole: Uint8Array,
  open: (bytes: Uint8Array<ArrayBuffer>) => Promise<unknown>,
  { runs = 200, head = 200, seed = 5 }: { runs?: number; head?: number; seed?: number } = {},
): Promise<void> {
  let failures = 0;
  await fc.assert(
    fc.asyncProperty(damageOf(whole, head), async (bytes) => {
      try {
        await open(bytes);
      } catch (thrown) {
        failures++;
        if (!(thrown instanceof StudioError)) throw thrown;
        expect(thrown.code).not.toBe('internal');
      }
    }),
    { numRuns: runs, seed },
  );
  expect(failures).toBeGreaterThan(0);
}
