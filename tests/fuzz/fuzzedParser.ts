import type { FileSet, NamedBytes } from './files';
import type { Reading } from './readings';

/**
 * The most memory that a reading may take, beyond the program itself: `fixedMiB` and `timesFile` times the bytes of the files. As the
 * table "Limits on hostile files" of docs/FORMATS.md states it.
 */
export interface Cap {
  readonly fixedMiB: number;
  readonly timesFile: number;
}

/** Files made by hand to harm a parser. */
export interface HostileFiles {
  readonly what: string;
  /** Made when they are wanted: some are of many megabytes. */
  readonly make: () => FileSet;
}

/** A parser under fuzzing. */
export interface FuzzedParser {
  readonly name: string;
  /** The registered formats that it stands for. */
  readonly formats: readonly string[];
  /** Real files, as sets that are opened together. Made when they are wanted. */
  readonly seeds: () => readonly FileSet[] | Promise<readonly FileSet[]>;
  /** How many files of a set, from its first, are damaged in turn; all where absent. */
  readonly damaged?: number;
  readonly cap: Cap;
  /** What is done to a file after its damage: packed, or its checksums put right for some. */
  readonly finish?: (file: NamedBytes, seed: number) => NamedBytes;
  readonly read: Reading;
  readonly hostile?: readonly HostileFiles[];
}
