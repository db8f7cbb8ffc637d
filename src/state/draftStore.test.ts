import { beforeEach, describe, expect, it } from 'vitest';
import { demoExperiment } from '../data/drawn/demoExperiment';
import { parseExperiment, recipeDefaults } from '../protocol/experiment';
import { applyPreset, resetField, setField, useDraftStore } from './draftStore';
import { presetDefense, presetOf, PRESETS } from './presets';

const draft = () => useDraftStore.getState();

beforeEach(() => useDraftStore.setState(useDraftStore.getInitialState()));

describe('draft experiment', () => {
  it('takes a valid field and stays valid', () => {
    setField('defense.batchSize', 64);
    setField('model.normalization.mean.1', 0.5);
    expect(draft().experiment.defense.batchSize).toBe(64);
    expect(draft().experiment.model.normalization.mean).toEqual([0.4914, 0.5, 0.4465]);
    expect(parseExperiment(draft().experiment)).toEqual(draft().experiment);
  });

  it('keeps the last valid value and says what is wrong with the text', () => {
    setField('defense.batchSize', -3, '-3');
    expect(draft().experiment.defense.batchSize).toBe(256);
    expect(draft().invalid['defense.batchSize']).toEqual({ text: '-3', message: 'Must be more than 0.' });
    setField('defense.temperature', 'warm', 'warm');
    expect(draft().invalid['defense.temperature']?.message).toBe('Must be a number.');
    setField('defense.epochs', 1.5, '1.5');
    expect(draft().invalid['defense.epochs']?.message).toBe('Must be a whole number.');
    setField('defense.batchSize', 32);
    expect(Object.keys(draft().invalid)).toEqual(['defense.temperature', 'defense.epochs']);
    resetField('defense.temperature');
    resetField('defense.epochs');
    expect(draft().invalid).toEqual({});
  });

  it('refuses a field of a union in its own words', () => {
    setField('defense.optimizer.momentum', 3, '3');
    expect(draft().invalid['defense.optimizer.momentum']?.message).toBe('Must be at most 1.');
    setField('defense.schedule.milestones', [10, 'x'], '10, x');
    expect(draft().invalid['defense.schedule.milestones']?.message).toMatch(/number/);
  });

  it('forgets a refused part when its whole is replaced', () => {
    setField('defense.optimizer.momentum', 3, '3');
    setField('defense.optimizer', {
      kind: 'adam',
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
    });
    expect(draft().invalid).toEqual({});
    expect(draft().experiment.defense.optimizer.kind).toBe('adam');
  });
});

describe('presets', () => {
  it('set every field of the defence but the label map', () => {
    setField('defense.mapping', { kind: 'shift' });
    setField('defense.batchSize', 7);
    for (const { name } of PRESETS) {
      applyPreset(name);
      expect(draft().experiment.defense).toEqual(presetDefense(name, 666, { kind: 'shift' }));
      expect(presetOf(draft().experiment.defense, 666)).toBe(name);
      expect(parseExperiment(draft().experiment)).toEqual(draft().experiment);
    }
  });

  it('have the embedded demo among them', () => {
    expect(presetOf(demoExperiment().defense, 666)).toBe('demo');
  });

  it('are the recipes of the protocol', () => {
    applyPreset('paper');
    expect(draft().experiment.defense).toEqual(recipeDefaults('paper', 666));
    applyPreset('official');
    expect(draft().experiment.defense).toEqual(recipeDefaults('official', 666));
  });

  it('are not claimed for a mixture', () => {
    applyPreset('paper');
    setField('defense.supconWeight', 0.2);
    expect(presetOf(draft().experiment.defense, 666)).toBeNull();
  });
});
