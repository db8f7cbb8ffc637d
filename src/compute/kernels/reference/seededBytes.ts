import { seededValues } from './check';

/** Seeded bytes for checks of what reads pixels as they are stored. */
export function seededBytes(count: number, seed: number): Uint8Array {
  return Uint8Array.from(seededValues(count, seed), (value) => Math.floor((value + 1) * 128));
}
