import { describe, expect, it } from 'vitest';
import { StudioError } from './errors';
import { expandSweep } from './sweep';

const file = (sweep: unknown) => ({
  version: 1,
  name: 'matrix',
  model: { train: { architecture: 'resnet18', width: 8 } },
  dataset: { path: 'drawn:signs' },
  attack: { kind: 'badnets', target: 0 },
  defense: { kind: 'refine' },
  sweep,
});

function failure(sweep: unknown): StudioError {
  try {
    expandSweep(file(sweep));
  } catch (thrown) {
    if (thrown instanceof StudioError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was thrown');
}

describe('expandSweep', () => {
  it('gives every combination, the last axis fastest', () => {
    const cells = expandSweep(
      file({
        axes: [
          { key: 'attack.kind', values: ['badnets', 'blended'] },
          { key: 'defense.firstChannels', values: [8, 16, 32] },
        ],
      }),
    );
    expect(cells.map(({ id }) => id)).toEqual([
      '0-badnets-8',
      '1-badnets-16',
      '2-badnets-32',
      '3-blended-8',
      '4-blended-16',
      '5-blended-32',
    ]);
    expect(cells[4]?.experiment.attack?.kind).toBe('blended');
    expect(cells[4]?.experiment.defense.firstChannels).toBe(16);
    expect(cells[4]?.experiment.sweep).toBeNull();
    expect(cells[4]?.experiment.name).toBe('matrix blended 16');
  });

  it('lets defaults follow from a swept key', () => {
    const [official, paper] = expandSweep(
      file({ axes: [{ key: 'defense.recipe', values: ['official', 'paper'] }] }),
    );
    expect(official?.experiment.defense.classificationLoss).toBe('bce');
    expect(paper?.experiment.defense.classificationLoss).toBe('ce');
  });

  it('sweeps whole objects and makes objects on the way', () => {
    const [none, adam] = expandSweep(
      file({
        axes: [{ key: 'defense.optimizer', values: [{ kind: 'sgd' }, { kind: 'adam', learningRate: 0.5 }] }],
      }),
    );
    expect(none?.experiment.defense.optimizer.kind).toBe('sgd');
    expect(adam?.experiment.defense.optimizer.learningRate).toBe(0.5);
    const [limited] = expandSweep(file({ axes: [{ key: 'evaluate.testLimit', values: [7] }] }));
    expect(limited?.experiment.evaluate.testLimit).toBe(7);
  });

  it('is one run without a sweep', () => {
    const cells = expandSweep(file(null));
    expect(cells).toHaveLength(1);
    expect(cells[0]?.experiment.name).toBe('matrix');
  });

  it.each([
    ['a value that does not fit', { axes: [{ key: 'seed', values: [1, -4] }] }, /run 2 of its sweep.*"seed"/],
    ['an unknown key', { axes: [{ key: 'defense.colour', values: [1] }] }, /unknown key "defense.colour"/],
    ['a key inside a plain value', { axes: [{ key: 'name.first', values: [1] }] }, /"name" holds no keys/],
    [
      'a key of the prototype',
      { axes: [{ key: 'model.__proto__.x', values: [1] }] },
      /cannot be swept|joined by dots/,
    ],
    [
      'the same key twice',
      {
        axes: [
          { key: 'seed', values: [1] },
          { key: 'seed', values: [2] },
        ],
      },
      /named once/,
    ],
    [
      'too many runs',
      { axes: ['seed', 'name'].map((key) => ({ key, values: Array(40).fill(1) })) },
      /more than 1000/,
    ],
  ])('refuses %s', (_name, sweep, sentence) => {
    expect(failure(sweep).message).toMatch(sentence);
  });

  it('refuses a model with neither or both of path and train', () => {
    const draft = file(null);
    expect(() => expandSweep({ ...draft, model: {} })).toThrow(/either a path or a training recipe/);
    expect(() => expandSweep({ ...draft, model: { ...draft.model, path: 'a.pth' } })).toThrow(
      /either a path/,
    );
  });
});
