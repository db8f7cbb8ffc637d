import { describe, expect, it } from 'vitest';
import { FAKE_ATTACKS } from '../../tests/fakes/attacks';
import { parseExperiment } from '../protocol/experiment';
import { expandSweep } from '../protocol/sweep';
import { buildMatrix, FIRST_CHOICE, type MatrixChoice, type MatrixInput } from './matrix';
import { freshExperiment } from './presets';
import { recipeFor } from './recipes';

const RECIPE = recipeFor('quick', { id: 'resnet18', learningRate: 0.1 });

const input = (choice: Partial<MatrixChoice>, more: Partial<MatrixInput> = {}): MatrixInput => ({
  experiment: freshExperiment(),
  recipe: RECIPE,
  attacks: FAKE_ATTACKS,
  kept: {},
  choice: { ...FIRST_CHOICE, ...choice },
  ...more,
});

function cells(given: MatrixInput) {
  const matrix = buildMatrix(given);
  if ('problem' in matrix) throw new Error(matrix.problem);
  const expanded = expandSweep(matrix.file);
  expect(expanded).toHaveLength(matrix.count);
  return expanded;
}

describe('the matrix', () => {
  it('sweeps over attack.kind, a victim trained in every run', () => {
    const runs = cells(input({ attacks: ['badnets', 'wanet', 'batt'] }));
    expect(runs.map(({ values }) => values)).toEqual(
      ['badnets', 'wanet', 'batt'].map((value) => [{ key: 'attack.kind', value }]),
    );
    expect(runs.map(({ experiment }) => experiment.attack?.options)).toEqual([{}, {}, {}]);
    expect(runs.every(({ experiment }) => experiment.model.path === null)).toBe(true);
    expect(runs[1]?.experiment.model.train).toEqual(RECIPE);
  });

  it('sweeps over whole attacks where one was set otherwise, target and all', () => {
    const experiment = {
      ...freshExperiment(),
      attack: { kind: 'badnets', target: 4, options: { size: 5 } },
    };
    const runs = cells(
      input({ attacks: ['badnets', 'blended'] }, { experiment, kept: { blended: { ratio: 0.3 } } }),
    );
    expect(runs.map(({ experiment: { attack } }) => attack)).toEqual([
      { kind: 'badnets', target: 4, options: { size: 5 } },
      { kind: 'blended', target: 4, options: { ratio: 0.3 } },
    ]);
    expect(runs.map(({ id }) => id)).toEqual(['0-badnets', '1-blended']);
  });

  it('lets the recipes of a second axis really differ, and keeps what no recipe decides', () => {
    const experiment = parseExperiment({
      version: 1,
      name: 'x',
      model: { path: 'm.pth' },
      dataset: { path: 'd' },
      attack: { kind: 'badnets', target: 0 },
      defense: { kind: 'refine', recipe: 'paper', firstChannels: 8, maxSteps: 20 },
    });
    const runs = cells(input({ axis: 'defense.recipe', labels: ['official', 'paper'] }, { experiment }));
    expect(runs.map(({ experiment: { defense } }) => defense.classificationLoss)).toEqual(['bce', 'ce']);
    expect(runs.map(({ experiment: { defense } }) => defense.augmentation)).toEqual(['official', 'none']);
    expect(runs.map(({ experiment: { defense } }) => [defense.firstChannels, defense.maxSteps])).toEqual([
      [8, 20],
      [8, 20],
    ]);
  });

  it('takes numbers once each and maps by name', () => {
    const numbers = cells(input({ attacks: ['badnets'], axis: 'defense.firstChannels', text: '8, 16 8' }));
    expect(numbers.map(({ experiment }) => experiment.defense.firstChannels)).toEqual([8, 16]);
    const maps = cells(
      input({ attacks: ['badnets'], axis: 'defense.mapping', labels: ['shift', 'identity'] }),
    );
    expect(maps.map(({ experiment }) => experiment.defense.mapping.kind)).toEqual(['shift', 'identity']);
  });

  it.each([
    [{ attacks: [] }, /at least one attack/],
    [{ attacks: null }, /at least one attack/],
    [{ attacks: ['badnets'], axis: 'defense.firstChannels', text: '8, x' }, /whole numbers above 0/],
    [{ attacks: ['badnets'], axis: 'defense.firstChannels', text: '2.5' }, /whole numbers above 0/],
    [{ attacks: ['badnets'], axis: 'defense.supconWeight', text: '' }, /a list of numbers/],
    [{ attacks: ['badnets'], axis: 'defense.recipe', labels: [] }, /Recipe of the defence/],
  ])('says what is missing: %o', (choice, says) => {
    const matrix = buildMatrix(input(choice));
    expect('problem' in matrix ? matrix.problem : '').toMatch(says);
  });
});
