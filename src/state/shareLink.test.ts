import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../protocol/experiment';
import { freshExperiment } from './presets';
import { decodeSettings, encodeSettings } from './shareLink';

const experiment = parseExperiment({
  version: 1,
  name: 'secret project',
  seed: 42,
  model: { path: 'secret-model.pth', channelOrder: 'BGR' },
  dataset: { path: 'secret-data.zip', train: 5000 },
  attack: { kind: 'blended', target: 3, options: { ratio: 0.2, image: 'image-17' } },
  defense: { kind: 'refine', recipe: 'paper', batchSize: 32, mapping: { kind: 'shift' } },
});

describe('share link', () => {
  it('carries the settings and the seed over', () => {
    const decoded = decodeSettings(`#${encodeSettings(experiment)}`, freshExperiment());
    expect(decoded).toMatchObject({
      seed: 42,
      name: 'untitled run',
      model: { path: 'not-loaded', channelOrder: 'BGR' },
      dataset: { path: 'not-loaded', train: 5000 },
      attack: { kind: 'blended', target: 3, options: { ratio: 0.2 } },
      defense: { ...experiment.defense },
    });
  });

  it('carries no names and no images', () => {
    const text = atob(encodeSettings(experiment).slice(2).replaceAll('-', '+').replaceAll('_', '/'));
    expect(text).not.toMatch(/secret|image-17/);
  });

  it('is null for another fragment and refuses a broken one', () => {
    expect(decodeSettings('#main', freshExperiment())).toBeNull();
    expect(decodeSettings('', freshExperiment())).toBeNull();
    expect(() => decodeSettings('#s=AAAA', freshExperiment())).toThrow(/The link/);
    expect(() => decodeSettings('#s=eyJzZWVkIjoieCJ9', freshExperiment())).toThrow(/The link/);
  });
});
