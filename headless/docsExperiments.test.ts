import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseExperiment } from '../src/protocol/experiment';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'experiments');

test.each(readdirSync(FOLDER))('docs/experiments/%s can be run', (name) => {
  const experiment = parseExperiment(JSON.parse(readFileSync(join(FOLDER, name), 'utf8')));
  expect(experiment.name).toBe(name.replace('.json', ''));
  expect(experiment.attack).not.toBeNull();
});
