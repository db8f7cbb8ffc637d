import type { InputFile } from '../../src/formats/input';
import { readFixture } from './fixture';

/** An input file with these bytes. */
export function inputFile(path: string, bytes: Uint8Array | string): InputFile {
  return { path, blob: new Blob([typeof bytes === 'string' ? bytes : bytes.slice()]) };
}

/** A committed fixture (by its path under `tests/fixtures`) as an input file, named by its last part. */
export async function fixtureFile(path: string): Promise<InputFile> {
  return inputFile(path.slice(path.lastIndexOf('/') + 1), await readFixture(path));
}
