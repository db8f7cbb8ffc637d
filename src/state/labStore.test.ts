import { beforeEach, describe, expect, it } from 'vitest';
import { FAKE_ARCHITECTURES, FAKE_ATTACKS } from '../../tests/fakes/attacks';
import { fakeModel } from '../../tests/fakes/answers';
import { chooseAttack } from './chooseAttack';
import { setExperiment, setField, useDraftStore } from './draftStore';
import { attackAs, planKey, previewKey } from './labAttack';
import { recipeNow, setRecipeField, useLabStore } from './labStore';
import { withLoaded } from './loadedPaths';
import { useModelStore } from './modelStore';
import { freshExperiment } from './presets';
import { recipeFor, recipeOf } from './recipes';

const attack = (kind: string) => FAKE_ATTACKS.find((candidate) => candidate.kind === kind)!;
const draft = () => useDraftStore.getState().experiment;

beforeEach(() => {
  useLabStore.setState(useLabStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useModelStore.setState(useModelStore.getInitialState(), true);
});

describe('recipes', () => {
  it('give each architecture the rate of its own', () => {
    const rates = FAKE_ARCHITECTURES.map((architecture) => recipeFor('paper', architecture));
    expect(rates.map(({ optimizer }) => optimizer.learningRate)).toEqual([0.1, 0.1, 0.01, 0.001]);
    expect(rates[0]).toMatchObject({
      batchSize: 128,
      epochs: 150,
      augmentation: 'flip',
      schedule: { kind: 'multistep', milestones: [100, 130], gamma: 0.1 },
      optimizer: { kind: 'sgd', momentum: 0.9, weightDecay: 0.0005 },
    });
  });

  it('are known again, with an attacker of Eq. 10 too, and not when a field differs', () => {
    const [resnet] = FAKE_ARCHITECTURES;
    const adaptive = { gamma: 2, firstChannels: 8, transformLearningRate: 0.01 };
    const quick = recipeFor('quick', resnet!, adaptive);
    expect(recipeOf(quick, FAKE_ARCHITECTURES)).toBe('quick');
    expect(recipeOf({ ...quick, epochs: 5 }, FAKE_ARCHITECTURES)).toBeNull();
    expect(recipeOf({ ...quick, architecture: 'unheard of' }, FAKE_ARCHITECTURES)).toBeNull();
  });
});

describe('the recipe of the lab', () => {
  it('takes what is valid and marks what is not, keeping the last good value', () => {
    setRecipeField('epochs', 7);
    setRecipeField('epochs', 0, '0');
    setRecipeField('width', 4);
    expect(recipeNow()).toMatchObject({ epochs: 7, width: 4 });
    expect(useLabStore.getState().invalid['epochs']).toEqual({ text: '0', message: 'Must be more than 0.' });
    setRecipeField('epochs', 3);
    expect(useLabStore.getState().invalid).toEqual({});
  });

  it('is the experiment’s own where it names one, and leaves a draft with a model alone', () => {
    setRecipeField('epochs', 7);
    expect(draft().model.train).toBeNull();
    const train = recipeFor('paper', { id: 'vgg16', learningRate: 0.01 });
    setExperiment({ ...draft(), model: { ...draft().model, path: null, train } });
    expect(recipeNow()).toEqual(train);
    setRecipeField('epochs', 9);
    expect(draft().model.train?.epochs).toBe(9);
  });
});

describe('attacks of the gallery', () => {
  it('keep what they were set to when another is chosen', () => {
    chooseAttack(attack('badnets'));
    setField('attack.target', 3);
    setField('attack.options.corner', 'top left');
    chooseAttack(attack('batt'));
    expect(draft().attack).toEqual({ kind: 'batt', target: 3, options: { angle: 16, rate: 0.1 } });
    expect(attackAs(attack('badnets'), draft().attack, useLabStore.getState().kept).options).toMatchObject({
      corner: 'top left',
    });
    chooseAttack(attack('badnets'));
    expect(draft().attack?.options).toMatchObject({ corner: 'top left' });
  });

  it('are drawn anew for the trigger’s options alone, and planned anew for all of them', () => {
    chooseAttack(attack('badnets'));
    const keys = () => [previewKey(attack('badnets'), draft().attack!, draft()), planKey(draft())];
    const [picture, plan] = keys();
    setField('attack.options.rate', 0.2);
    expect(keys()[0]).toBe(picture);
    expect(keys()[1]).not.toBe(plan);
    setField('attack.options.size', 5);
    expect(keys()[0]).not.toBe(picture);
  });
});

describe('the paths of what is loaded', () => {
  it('leave an experiment that trains its own classifier to do so, until a model is to be used', () => {
    const { summary } = fakeModel('mine.pth');
    const train = recipeFor('quick', { id: 'resnet18', learningRate: 0.1 });
    const experiment = { ...freshExperiment(), model: { ...freshExperiment().model, path: null, train } };
    expect(withLoaded(experiment, 'the loaded one').model.train).toEqual(train);
    useModelStore.setState({ summary });
    expect(withLoaded(experiment).model).toMatchObject({ path: null, train });
    expect(withLoaded(experiment, 'the loaded one').model).toMatchObject({ path: 'mine.pth', train: null });
    expect(withLoaded(freshExperiment()).model.path).toBe('mine.pth');
  });
});
