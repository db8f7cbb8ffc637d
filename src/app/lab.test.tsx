// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClient } from '../../tests/fakes/fakeClient';
import { fakeExperiment } from '../../tests/fakes/answers';
import { createStudio, type Studio } from './createStudio';
import { StudioError } from '../protocol/errors';
import { useDatasetStore } from '../state/datasetStore';
import { setField, useDraftStore } from '../state/draftStore';
import { useLabStore } from '../state/labStore';
import { useModelStore } from '../state/modelStore';
import { useNoticeStore } from '../state/noticeStore';
import { recipeFor } from '../state/recipes';
import { clearRun, useRunStore } from '../state/runStore';
import { useSweepStore } from '../state/sweepStore';
import { clearVictim, useVictimStore, victimSeries } from '../state/victimStore';
import { goTo, useViewStore } from '../state/viewStore';
import { App } from '../ui/App';

let studio: Studio;

async function open(client = new FakeClient({ stepsPerTick: 40 })): Promise<FakeClient> {
  studio = createStudio(client);
  render(<App commands={studio.commands} />);
  await studio.open();
  await studio.commands.openDemo();
  goTo('lab');
  return client;
}

const part = (name: string) => fireEvent.click(screen.getByRole('radio', { name }));
const file = (path: string, text: string) => ({ path, blob: new Blob([text]) });
const trains = () => {
  const { model, ...rest } = fakeExperiment();
  const train = recipeFor('quick', { id: 'vgg16', learningRate: 0.01 });
  return { ...rest, name: 'makes its own', model: { ...model, path: null, train } };
};

beforeEach(() => {
  useDatasetStore.setState(useDatasetStore.getInitialState(), true);
  useModelStore.setState(useModelStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useLabStore.setState(useLabStore.getInitialState(), true);
  useSweepStore.setState(useSweepStore.getInitialState(), true);
  useViewStore.setState(useViewStore.getInitialState(), true);
  useNoticeStore.setState({ notices: [], nextId: 1 });
  clearRun();
  clearVictim();
});

afterEach(() => {
  cleanup();
  studio.dispose();
  vi.restoreAllMocks();
});

describe('the attack lab', () => {
  it('shows every attack, and a refusal in its place while the others stay', async () => {
    await open();
    const row = (kind: string) => screen.getByTestId(`attack-${kind}`);
    await waitFor(() => expect(within(row('wanet')).getAllByRole('img')).toHaveLength(9));
    await waitFor(() => expect(within(row('custom')).getByText(/wants a picture/)).toBeTruthy());
    setField('attack.options.size', 40);
    await waitFor(() => expect(within(row('badnets')).getByText(/larger than the images/)).toBeTruthy());
    expect(within(row('badnets')).queryAllByRole('img')).toHaveLength(0);
    expect(within(row('wanet')).getAllByRole('img')).toHaveLength(9);
    expect(useNoticeStore.getState().notices).toEqual([]);
    fireEvent.click(within(row('batt')).getByRole('radio'));
    expect(useDraftStore.getState().experiment.attack?.kind).toBe('batt');
    expect(within(screen.getByTestId('attack-options')).getByLabelText('Angle')).toHaveProperty(
      'value',
      '16',
    );
  });

  it('keeps a refused list of milestones with its reason, and follows the recipe when that is chosen anew', async () => {
    await open();
    part('Train a victim');
    fireEvent.click(screen.getByTestId('recipe-paper'));
    const milestones = () => screen.getByLabelText<HTMLInputElement>('Milestones');
    const recipe = () => useLabStore.getState().recipe.schedule;
    const usual = milestones().value;
    fireEvent.change(milestones(), { target: { value: '5, 7' } });
    expect(recipe()).toMatchObject({ milestones: [5, 7] });
    fireEvent.change(milestones(), { target: { value: '5, x' } });
    fireEvent.blur(milestones());
    expect(milestones().value).toBe('5, x');
    expect(milestones().getAttribute('aria-invalid')).toBe('true');
    expect(recipe()).toMatchObject({ milestones: [5, 7] });
    fireEvent.keyDown(milestones(), { key: 'Escape' });
    expect(milestones().value).toBe('5, 7');
    fireEvent.click(screen.getByTestId('recipe-paper'));
    expect(milestones().value).toBe(usual);
  });

  it('counts what is poisoned and says when labels are kept', async () => {
    const client = await open();
    part('Poisoned images');
    await screen.findByText(/relabelled as stop/);
    fireEvent.click(screen.getByRole('radio', { name: 'Attacks' }));
    fireEvent.click(await screen.findByRole('radio', { name: 'Label-Consistent' }));
    part('Poisoned images');
    await screen.findByText(/every one keeps its label/);
    const saved = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x');
    fireEvent.click(screen.getByTestId('save-poisoning'));
    const blob = saved.mock.calls[0]?.[0] as Blob;
    expect(JSON.parse(await blob.text())).toEqual(useLabStore.getState().plan);
    client.failNext('attack/plan', new StudioError('trigger/invalid', 'No clean image would be left.'));
    setField('attack.options.rate', 1);
    await screen.findByText('No clean image would be left.');
  });

  it('trains a classifier, leaves the run on the page alone, and makes it the model', async () => {
    const client = await open();
    part('Train a victim');
    fireEvent.click(screen.getByTestId('train-victim'));
    await waitFor(() => expect(useVictimStore.getState().phase).toBe('training'));
    await waitFor(() => expect(victimSeries.length).toBeGreaterThan(0));
    expect(useRunStore.getState().phase).toBe('idle');
    expect(screen.getByTestId('step-lab').textContent).toMatch(/training/);
    await studio.commands.openFiles([file('other.pth', 'x')]);
    expect(useNoticeStore.getState().notices.at(-1)?.text).toMatch(/classifier’s training has been stopped/);
    await waitFor(() => expect(useVictimStore.getState().phase).toBe('done'));
    expect(screen.getByTestId('victim-asr').textContent).toMatch(/99\.7 %1,795 of 1,800/);
    const asked = client.calls.find(({ name }) => name === 'victim/train')?.params;
    expect(asked).toMatchObject({ experiment: { model: { path: null, train: { batchSize: 32 } } } });
    fireEvent.click(screen.getByTestId('adopt-victim'));
    await waitFor(() => expect(useViewStore.getState().step).toBe('model'));
    expect(useModelStore.getState().summary?.fileName).toBe('untitled-run-victim.pth');
    expect(useDraftStore.getState().experiment.model).toMatchObject({
      path: 'untitled-run-victim.pth',
      train: null,
    });
    fireEvent.click(screen.getByTestId('step-compare'));
    await screen.findByText('classifier');
    expect(screen.queryByRole('button', { name: 'Load' })).toBeNull();
    await studio.commands.loadRun('run-1');
    expect(useRunStore.getState().phase).toBe('idle');
    clearVictim();
    fireEvent.click(screen.getByTestId('open-victim-run'));
    await screen.findByTestId('victim-resume-checkpoint');
    expect(victimSeries.length).toBe(200);
  });

  it('asks for the victim first where an experiment trains its own, and lets the loaded model win', async () => {
    await open();
    await studio.commands.openFiles([file('own.json', JSON.stringify(trains()))]);
    expect(useDraftStore.getState().experiment.model).toMatchObject({ path: null });
    fireEvent.click(screen.getByTestId('step-train'));
    expect(screen.getByTestId('progress-step').textContent).toMatch(
      /train the victim first, in the attack lab/,
    );
    expect(screen.getByTestId('start')).toHaveProperty('disabled', true);
    fireEvent.click(screen.getByTestId('step-lab'));
    part('Train a victim');
    expect(screen.getByTestId('victim-architecture')).toHaveProperty('value', 'vgg16');
    fireEvent.click(screen.getByRole('button', { name: /^Defend .* instead$/ }));
    expect(useDraftStore.getState().experiment.model).toMatchObject({
      path: 'badnets_signs_resnet18.pth',
      train: null,
    });
  });

  it('runs a matrix, fills the table row by row, stops, and reads it back after a reload', async () => {
    const client = await open();
    part('Matrix');
    fireEvent.click(screen.getByTestId('matrix-batt'));
    fireEvent.change(screen.getByTestId('matrix-axis'), { target: { value: 'defense.supconWeight' } });
    fireEvent.change(screen.getByTestId('matrix-values'), { target: { value: '0 0.1' } });
    expect(screen.getByTestId('matrix-start').textContent).toBe('Start 4 runs');
    fireEvent.click(screen.getByTestId('matrix-start'));
    await screen.findByTestId('matrix-stop');
    client.sweep?.finishOne();
    client.sweep?.finishOne('The loss stopped being a number.');
    await waitFor(() => expect(screen.getAllByTestId('matrix-row')[0]?.textContent).toMatch(/99\.8 %/));
    const texts = screen.getAllByTestId('matrix-row').map(({ textContent }) => textContent);
    expect(texts[1]).toMatch(/^BadNets0\.1The loss stopped being a number\.$/);
    expect(texts[2]).toMatch(/training its victim/);
    expect(texts[3]).toMatch(/to come/);
    expect(useRunStore.getState().phase).toBe('idle');
    fireEvent.click(screen.getByTestId('step-train'));
    expect(screen.getByTestId('progress-step').textContent).toMatch(
      /Stop the matrix in the attack lab first/,
    );
    fireEvent.click(screen.getByTestId('step-lab'));
    fireEvent.click(screen.getByTestId('matrix-stop'));
    await screen.findByTestId('matrix-resume');
    const saved = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x');
    fireEvent.click(screen.getByTestId('matrix-csv'));
    expect((await (saved.mock.calls[0]?.[0] as Blob).text()).split('\n')[1]).toMatch(
      /^0-badnets-0,badnets,0,0\.998/,
    );

    cleanup();
    studio.dispose();
    useSweepStore.setState(useSweepStore.getInitialState(), true);
    await open(client);
    await waitFor(() => expect(screen.getAllByTestId('matrix-row')).toHaveLength(4));
    expect(screen.getByTestId('matrix-resume').textContent).toMatch(/2 runs below/);
  });

  it('puts the sweep of a dropped file into the matrix', async () => {
    await open();
    const sweep = { axes: [{ key: 'attack.kind', values: ['badnets', 'wanet'] }] };
    const attack = { kind: 'badnets', target: 0 };
    await studio.commands.openFiles([file('sweep.json', JSON.stringify({ ...trains(), attack, sweep }))]);
    expect(useDraftStore.getState().experiment.sweep).toBeNull();
    await waitFor(() => expect(screen.getAllByTestId('matrix-row')).toHaveLength(2));
    expect(screen.getByTestId('matrix-resume')).toHaveProperty('disabled', false);
  });

  it('says what is missing: images, then labels', async () => {
    const client = new FakeClient();
    studio = createStudio(client);
    render(<App commands={studio.commands} />);
    await studio.open();
    goTo('lab');
    expect(await screen.findByText('Nothing to put a trigger on')).toBeTruthy();
    part('Train a victim');
    expect(screen.getByTestId('victim-step').textContent).toBe('Load images first.');
    await studio.commands.openFiles([file('images.zip', 'x')]);
    useDatasetStore.setState(({ summary }) => ({
      summary: summary && { ...summary, labelled: false, trainPerClass: null },
    }));
    goTo('lab');
    await waitFor(() => expect(screen.getByTestId('victim-step').textContent).toMatch(/carry no labels/));
    expect(screen.getByTestId('train-victim')).toHaveProperty('disabled', true);
  });
});
