import { describe, expect, it } from 'vitest';
import { parseExperiment, recipeDefaults } from './experiment';
import { StudioError } from './errors';

const minimal = {
  version: 1,
  name: 'test',
  model: { path: 'm.pth' },
  dataset: { path: 'd.zip' },
  defense: { kind: 'refine' },
};

function failure(value: unknown): StudioError {
  try {
    parseExperiment(value);
  } catch (error) {
    if (error instanceof StudioError) return error;
  }
  throw new Error('expected a StudioError');
}

describe('parseExperiment', () => {
  it('fills every default from the recipe', () => {
    const experiment = parseExperiment(minimal);
    expect(experiment.seed).toBe(666);
    expect(experiment.defense).toEqual(recipeDefaults('official', 666));
    expect(experiment.defense.classificationLoss).toBe('bce');
    const paper = parseExperiment({
      ...minimal,
      seed: 3,
      defense: { kind: 'refine', recipe: 'paper', batchSize: 8 },
    });
    expect(paper.defense).toEqual({ ...recipeDefaults('paper', 3), batchSize: 8 });
    expect(paper.defense.mapping).toEqual({ kind: 'derangement', seed: 3 });
  });

  it('is stable: what it returns parses to itself', () => {
    const once = parseExperiment(minimal);
    expect(parseExperiment(JSON.parse(JSON.stringify(once)))).toEqual(once);
  });

  it('shows no more of an unknown key than a line holds', () => {
    const long = 'k'.repeat(5000);
    expect(() => parseExperiment({ ...minimal, [long]: 1 })).toThrow(/^.{0,200}k…".$/);
  });

  it('names an unknown key, wherever it is', () => {
    expect(failure({ ...minimal, colour: 1 })).toMatchObject({
      code: 'experiment/unknown-key',
      subject: 'colour',
    });
    expect(failure({ ...minimal, defense: { kind: 'refine', epoch: 1 } })).toMatchObject({
      code: 'experiment/unknown-key',
      subject: 'defense.epoch',
    });
  });

  it('names the field that is wrong and says what it wants', () => {
    const error = failure({ ...minimal, defense: { kind: 'refine', batchSize: 0 } });
    expect(error).toMatchObject({ code: 'experiment/invalid', subject: 'defense.batchSize' });
    expect(failure({ ...minimal, version: 2 })).toMatchObject({ subject: 'version' });
    expect(failure(null)).toMatchObject({ code: 'experiment/invalid' });
  });
});
