/**
 * Where the team's real data, models and goldens lie: a folder `shared` beside the checkout. It is absent on a
 * stranger's clone, and every test that needs it skips by name there.
 */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..', '..', 'shared');

/** Absolute path of a file under `shared`, or null where it is not there. Use with `it.skipIf(path === null)`. */
export function sharedPath(relative: string): string | null {
  const path = join(root, relative);
  return existsSync(path) ? path : null;
}
