// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeExperiment } from '../../tests/fakes/answers';
import { FakeClient } from '../../tests/fakes/fakeClient';
import { StudioError } from '../protocol/errors';
import { blackBoxSchema } from '../protocol/blackBox';
import type { Params, RequestName } from '../protocol/messages';
import { useBlackBoxStore } from '../state/blackBoxStore';
import { useDatasetStore } from '../state/datasetStore';
import { setField, useDraftStore } from '../state/draftStore';
import { useModelStore } from '../state/modelStore';
import { useNoticeStore } from '../state/noticeStore';
import { clearRun, useRunStore } from '../state/runStore';
import { useSessionStore } from '../state/sessionStore';
import { distillation, useSurrogateStore } from '../state/surrogateStore';
import { clearVictim } from '../state/victimStore';
import { goTo, useViewStore } from '../state/viewStore';
import { App } from '../ui/App';
import { createStudio, type Studio } from './createStudio';

let studio: Studio;
const URL_OF_IT = 'http://127.0.0.1:8123/classify';

async function open(client = new FakeClient({ stepsPerTick: 20 })): Promise<FakeClient> {
  studio = createStudio(client);
  render(<App commands={studio.commands} />);
  await studio.open();
  return client;
}

const file = (path: string, text = 'x') => ({ path, blob: new Blob([text]) });
const draft = () => useDraftStore.getState().experiment;
const texts = () => useNoticeStore.getState().notices.map(({ text }) => text);
const disabled = (id: string) => screen.getByTestId<HTMLButtonElement>(id).disabled;
const asked = <N extends RequestName>(client: FakeClient, name: N) =>
  client.calls.filter((call) => call.name === name).map(({ params }) => params as Params<N>);
const sent = (client: FakeClient) =>
  client.calls.filter(({ name }) => /^blackbox\/(try|distil|evaluate)$/.test(name));
const phase = () => useSurrogateStore.getState().phase;

/** Images are there, and a short distillation of a black box in a file. */
async function withFile(client?: FakeClient): Promise<FakeClient> {
  const opened = await open(client);
  await studio.commands.openFiles([file('images.zip')]);
  goTo('model');
  fireEvent.click(await screen.findByRole('radio', { name: 'Only its confidences' }));
  await studio.commands.openFiles([file('box.onnx')]);
  setField('model.blackBox.distil.maxSteps', 400);
  setField('attack', { kind: 'badnets', target: 0, options: {} });
  setField('defense.maxSteps', 80);
  return opened;
}

beforeEach(() => {
  useBlackBoxStore.setState(useBlackBoxStore.getInitialState(), true);
  useDatasetStore.setState(useDatasetStore.getInitialState(), true);
  useModelStore.setState(useModelStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useSessionStore.setState(useSessionStore.getInitialState(), true);
  useViewStore.setState(useViewStore.getInitialState(), true);
  useNoticeStore.setState({ notices: [], nextId: 1 });
  clearRun();
  clearVictim();
  distillation.clear();
});

afterEach(() => {
  cleanup();
  studio.dispose();
});

describe('a black box on the page', () => {
  it('goes the whole way with a file: tried, distilled, defended by one press, all four pairs measured', async () => {
    const client = await withFile();
    expect(asked(client, 'blackbox/open')).toHaveLength(1);
    expect(asked(client, 'model/open')).toHaveLength(0);
    expect(draft().model).toMatchObject({
      path: null,
      train: null,
      blackBox: { path: 'box.onnx', url: null },
    });
    fireEvent.click(screen.getByTestId('blackbox-try'));
    expect((await screen.findByTestId('blackbox-trial')).textContent).toMatch(/stop71\.0 %.*10 classes/);

    fireEvent.click(screen.getByTestId('train-surrogate'));
    await waitFor(() => expect(phase()).toBe('training'));
    expect(screen.queryByTestId('leave-dialog')).toBeNull();
    fireEvent.click(screen.getByTestId('surrogate-pause'));
    await waitFor(() => expect(phase()).toBe('paused'));
    const { step } = useSurrogateStore.getState().progress;
    fireEvent.click(screen.getByTestId('surrogate-single-step'));
    await waitFor(() => expect(useSurrogateStore.getState().progress.step).toBe(step + 1));
    await waitFor(() => expect(disabled('surrogate-resume')).toBe(false));
    fireEvent.click(screen.getByTestId('surrogate-resume'));
    await waitFor(() => expect(phase()).toBe('done'));
    expect(distillation.series.length).toBe(400);
    expect(useRunStore.getState().phase).toBe('idle');
    const imitates = (name: string) => screen.getByTestId(`imitates-${name}`).textContent;
    expect(imitates('benignAccuracy')).toBe('Benign accuracy99.8 % 1,996 of 2,00099.8 % 1,996 of 2,000');
    expect(imitates('attackSuccessRate')).toMatch(/^Attack success99\.7 % 1,795 of 1,800/);
    expect(imitates('agreementWithOriginal')).toBe('The two agree99.4 % 1,988 of 2,000');

    await waitFor(() => expect(disabled('defend-surrogate')).toBe(false));
    fireEvent.click(screen.getByTestId('defend-surrogate'));
    await waitFor(() => expect(useRunStore.getState().phase).toBe('training'));
    expect(useModelStore.getState().summary?.fileName).toBe('untitled-run-surrogate.pth');
    expect(asked(client, 'run/start')[0]?.experiment.model).toMatchObject({
      path: null,
      blackBox: { path: 'box.onnx' },
    });
    expect(screen.getByTestId('stage-1').textContent).toBe('400 steps, agrees on 99.4 %');
    expect(screen.getByTestId('stage-2').textContent).toMatch(/of 80|getting ready/);
    expect(disabled('measure-blackbox')).toBe(true);
    await waitFor(() => expect(useRunStore.getState().phase).toBe('done'));
    await waitFor(() => expect(disabled('measure-blackbox')).toBe(false));
    fireEvent.click(screen.getByTestId('measure-blackbox'));
    const rows = {
      original: /^Black box99\.8 % 1,996 of 2,00099\.7 % 1,795 of 1,800the black box$/,
      surrogate: /^Surrogate98\.1 % 1,962 of 2,00098\.4 % 1,771 of 1,800the surrogate, here$/,
      surrogateDefended: /^Surrogate behind the transform.* of 2,000.* of 1,800the surrogate, here$/,
      defended: /^Black box behind the transform95\.9 % 1,918 of 2,0003\.5 % 63 of 1,800the black box$/,
    };
    for (const [key, says] of Object.entries(rows)) {
      expect((await screen.findByTestId(`pair-${key}`)).textContent).toMatch(says);
    }
    expect(sent(client).map(({ params }) => (params as { allowNetwork: boolean }).allowNetwork)).toEqual([
      false,
      false,
      false,
    ]);
  });

  it('says in plain words what is wrong with an address, and asks nothing before it is allowed', async () => {
    const client = await withFile();
    fireEvent.click(screen.getByRole('radio', { name: 'An address' }));
    const words = () => screen.getByTestId('blackbox-address-words').textContent;
    const type = (value: string) =>
      fireEvent.change(screen.getByTestId('blackbox-url'), { target: { value } });
    expect(disabled('blackbox-try')).toBe(true);
    type('example');
    expect(words()).toBe('The address cannot be asked: this is not an address.');
    type('http://example.org/classify');
    expect(words()).toMatch(/must be https, or http on this machine/);
    expect(disabled('train-surrogate')).toBe(true);
    type(URL_OF_IT);
    expect(words()).toMatch(/^https, or http on this machine/);
    expect(draft().model.blackBox).toMatchObject({ path: null, url: URL_OF_IT, distil: { maxSteps: 400 } });

    // Refused: nothing is sent. Allowed: this once, and the next is asked for again.
    fireEvent.click(screen.getByTestId('blackbox-try'));
    const dialog = await screen.findByTestId('leave-dialog');
    expect(dialog.textContent).toMatch(/Send images to 127\.0\.0\.1:8123\?.*2 images are sent/);
    fireEvent.click(screen.getByTestId('leave-refuse'));
    await waitFor(() => expect(screen.queryByTestId('leave-dialog')).toBeNull());
    expect(sent(client)).toEqual([]);
    fireEvent.click(screen.getByTestId('blackbox-try'));
    fireEvent.click(await screen.findByTestId('leave-allow'));
    await screen.findByTestId('blackbox-trial');
    setField('dataset.train', 1000);
    setField('evaluate.testLimit', 50);
    fireEvent.click(screen.getByTestId('train-surrogate'));
    // A grey one, 1,000 training images, and 50 test images with the trigger and without.
    expect((await screen.findByTestId('leave-dialog')).textContent).toMatch(/At most 1,101 images/);
    expect(sent(client)).toHaveLength(1);
    fireEvent.click(screen.getByTestId('leave-allow'));
    await waitFor(() => expect(phase()).toBe('done'));
    expect(asked(client, 'blackbox/distil')).toMatchObject([{ allowNetwork: true }]);
    expect(screen.getByText(/Only what you allow goes to 127\.0\.0\.1:8123\/classify/)).toBeTruthy();

    // The file is still there.
    fireEvent.click(screen.getByRole('radio', { name: 'An ONNX file' }));
    expect(screen.getByTestId('blackbox-file').textContent).toBe('box.onnx');
    fireEvent.click(screen.getByRole('radio', { name: 'An address' }));
    expect(screen.getByTestId('blackbox-url')).toHaveProperty('value', URL_OF_IT);
  });

  it('keeps the surrogate so far when the black box fails, and what was there when it cannot be asked', async () => {
    const client = await withFile();
    client.failNext(
      'blackbox/try',
      new StudioError(
        'blackbox/bad-answer',
        'The answer of box.onnx cannot be used: it gives 3 confidences, and the images have 10 classes.',
      ),
    );
    fireEvent.click(screen.getByTestId('blackbox-try'));
    await waitFor(() =>
      expect(screen.getByTestId('blackbox-source').textContent).toMatch(/3 confidences, and the images/),
    );
    fireEvent.click(screen.getByTestId('train-surrogate'));
    await waitFor(() => expect(useSurrogateStore.getState().progress.step).toBeGreaterThan(0));
    const runId = useSurrogateStore.getState().runId ?? '';
    client.run?.pause('failed');
    const { step } = client.run ?? { step: 0 };
    client.emit({ kind: 'run/checkpointed', runId, step, at: '' });
    if (client.run) client.run.checkpointStep = step;
    const error = {
      code: 'blackbox/unreachable',
      message: 'It could not be asked.',
      detail: null,
      subject: null,
    } as const;
    client.emit({ kind: 'run/failed', runId, error });
    await waitFor(() =>
      expect(screen.getByTestId('surrogate-step').textContent).toBe('It could not be asked.'),
    );
    expect(texts()).toContain('It could not be asked.');
    expect(disabled('defend-surrogate')).toBe(false);
    // Going on fails at once: the one before is back, curve and all.
    client.failNext('blackbox/distil', new StudioError('blackbox/unreachable', 'It is still down.'));
    fireEvent.click(screen.getByTestId('surrogate-resume-checkpoint'));
    await waitFor(() => expect(texts()).toContain('It is still down.'));
    client.failNext('blackbox/distil', new StudioError('blackbox/unreachable', 'Down, and a new one too.'));
    fireEvent.click(screen.getByTestId('train-surrogate'));
    await waitFor(() => expect(texts()).toContain('Down, and a new one too.'));
    expect(distillation.series.length).toBe(step);
    expect(useSurrogateStore.getState()).toMatchObject({ phase: 'failed', runId, checkpoint: { step } });
    fireEvent.click(screen.getByTestId('surrogate-resume-checkpoint'));
    await waitFor(() => expect(phase()).toBe('done'));
    expect(asked(client, 'blackbox/distil').at(-1)).toMatchObject({ resume: runId });
  });

  it('takes an experiment about a black box: asks for its file, or for leave, and knows a file of the same drop', async () => {
    const client = await open();
    const about = (blackBox: Record<string, unknown>) =>
      JSON.stringify({ ...fakeExperiment(), model: { blackBox } });
    await studio.commands.openFiles([file('own.json', about({ path: 'models/box.onnx' }))]);
    expect(texts().at(-1)).toMatch(/Now open models\/box\.onnx and drawn:signs\. Its surrogate is distilled/);
    expect(useViewStore.getState().step).toBe('model');
    expect((await screen.findByTestId('blackbox-file')).textContent).toBe(
      'The experiment names models/box.onnx: open it.',
    );
    await studio.commands.openFiles([file('images.zip')]);
    expect(screen.getByTestId('surrogate-step').textContent).toMatch(/^Open the ONNX file models\/box\.onnx/);
    goTo('train');
    await waitFor(() => expect(disabled('start')).toBe(true));
    expect(screen.getByTestId('progress-step').textContent).toMatch(
      /distil its surrogate first, on the model page/,
    );
    await studio.commands.openFiles([file('box.onnx')]);
    expect(draft().model.blackBox?.path).toBe('box.onnx');

    await studio.commands.openFiles([file('there.json', about({ url: URL_OF_IT }))]);
    expect(texts().at(-1)).toMatch(/asks 127\.0\.0\.1:8123\/classify: nothing is sent before you allow it/);
    expect(sent(client)).toEqual([]);
    const before = draft();
    const sweep = { axes: [{ key: 'seed', values: [1, 2] }] };
    const many = JSON.stringify({ ...JSON.parse(about({ url: URL_OF_IT })), sweep });
    await studio.commands.openFiles([file('many.json', many)]);
    expect(texts().at(-1)).toMatch(/many\.json asks for many runs on a black box/);
    expect(draft()).toEqual(before);

    // An ONNX file beside an experiment that names it is not read as a model.
    await studio.commands.openFiles([file('other.onnx'), file('x.json', about({ path: 'a/other.onnx' }))]);
    expect(asked(client, 'model/open')).toEqual([]);
    expect(draft().model.blackBox).toMatchObject({ path: 'other.onnx' });
    goTo('model');
    fireEvent.click(await screen.findByRole('radio', { name: 'Its weights' }));
    await studio.commands.openFiles([file('other.onnx')]);
    expect(asked(client, 'model/open')).toHaveLength(1);
    expect(draft().model).toMatchObject({ path: 'other.onnx', blackBox: null });
  });

  it('is there again after a reload, surrogate, curve and pairs, but no leave', async () => {
    const client = await withFile();
    fireEvent.click(screen.getByTestId('train-surrogate'));
    await waitFor(() => expect(phase()).toBe('done'));
    await studio.commands.defendSurrogate();
    await waitFor(() => expect(useRunStore.getState().phase).toBe('done'));
    await studio.commands.measureBlackBox(false);
    const url = { ...blackBoxSchema.parse({ url: URL_OF_IT }) };
    await waitFor(() => expect(client.settings.get('session')).toMatchObject({ run: { id: 'run-2' } }));
    expect(client.settings.get('black-box')).toMatchObject({
      surrogate: { of: 'box.onnx' },
      runId: 'run-1',
    });
    const kept = JSON.stringify([...client.settings]);
    expect(kept).not.toMatch(/allow|leave/i);

    cleanup();
    studio.dispose();
    for (const store of [useBlackBoxStore, useDraftStore, useModelStore, useDatasetStore] as const) {
      (
        store as { setState: (state: unknown, replace: true) => void; getInitialState: () => unknown }
      ).setState((store as { getInitialState: () => unknown }).getInitialState(), true);
    }
    clearRun();
    distillation.clear();
    await open(client);
    fireEvent.click(await screen.findByTestId('restore'));
    await screen.findByTestId('pair-defended');
    // The surrogate's run is read back after the pairs: what its stage says follows.
    await waitFor(() =>
      expect(screen.getByTestId('stage-1').textContent).toBe('400 steps, agrees on 99.4 %'),
    );
    expect(disabled('measure-blackbox')).toBe(true);
    expect(distillation.series.length).toBe(400);
    expect(useBlackBoxStore.getState().file).toBe('box.onnx');
    goTo('model');
    await screen.findByText(/A surrogate of this black box is the model/);
    expect(disabled('surrogate-resume-checkpoint')).toBe(false);
    // An address is asked for leave anew, also to go on.
    useSurrogateStore.setState(({ experiment }) => ({
      experiment: experiment && { ...experiment, model: { ...experiment.model, blackBox: url } },
    }));
    fireEvent.click(await screen.findByTestId('surrogate-resume-checkpoint'));
    await screen.findByTestId('leave-dialog');
    fireEvent.click(within(screen.getByTestId('leave-dialog')).getByTestId('leave-refuse'));
    expect(asked(client, 'blackbox/distil')).toHaveLength(1);
  });

  it('lists a distillation among the runs and opens it at its black box', async () => {
    await withFile();
    fireEvent.click(screen.getByTestId('train-surrogate'));
    await waitFor(() => expect(phase()).toBe('done'));
    distillation.clear();
    goTo('compare');
    await screen.findByText('surrogate');
    await studio.commands.loadRun('run-1');
    expect(texts().at(-1)).toMatch(/distillation of a black box: open it on the model page/);
    fireEvent.click(screen.getByTestId('open-surrogate-run'));
    await screen.findByTestId('surrogate-resume-checkpoint');
    expect(distillation.series.length).toBe(400);
    expect(screen.getByTestId('surrogate-result').textContent).toMatch(/lies in storage/);
  });
});
