import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { experimentDocument } from './schemaDoc';

/** `headless schema`: writes docs/EXPERIMENT.md anew. */
export async function schema(): Promise<void> {
  const path = join(process.env['REFINE_STUDIO_ROOT'] ?? '.', 'docs', 'EXPERIMENT.md');
  await writeFile(path, experimentDocument());
  console.log(`wrote ${path}`);
}
