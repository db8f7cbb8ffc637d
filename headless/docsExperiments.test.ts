import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { parseExperiment } from '../src/protocol/experiment';
import { experimentReport } from './experimentReport';

const FOLDER = join(import.meta.dirname, '..', 'docs', 'experiments');

test.each(readdirSync(FOLDER))('docs/experiments/%s can be run', (name) => {
  const file = readFileSync(join(FOLDER, name), 'utf8');
  expect(experimentReport(file, name).verdict).toMatch(/^Valid/);
  const experiment = parseExperiment(JSON.parse(file));
  expect(experiment.name).toBe(name.replace('.json', ''));
  expect(experiment.attack === null).toBe(name === 'benign-signs.json');
});
