import { readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';
import { experimentDocument } from './schemaDoc';

it('docs/EXPERIMENT.md is what the schema gives: run `npm run docs:schema` after a change of it', async () => {
  const committed = await readFile(new URL('../docs/EXPERIMENT.md', import.meta.url), 'utf8');
  expect(committed).toBe(experimentDocument());
});
