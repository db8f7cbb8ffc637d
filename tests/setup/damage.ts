import fc from 'fast-check';
import { expect } from 'vitest';
import { StudioError } from '../../src/protocol/errors';
import { damageOf } from './damagedBytes';

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
