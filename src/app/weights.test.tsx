// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fakeExperiment } from '../../tests/fakes/answers';
import { FakeClient } from '../../tests/fakes/fakeClient';
import { StudioError } from '../protocol/errors';
import { useDatasetStore } from '../state/datasetStore';
import { setField, useDraftStore } from '../state/draftStore';
import { useLabStore } from '../state/labStore';
import { useModelStore } from '../state/modelStore';
import { useNoticeStore } from '../state/noticeStore';
import { clearRun } from '../state/runStore';
import { useSessionStore } from '../state/sessionStore';
import { clearVictim } from '../state/victimStore';
import { goTo, useViewStore } from '../state/viewStore';
import { useWeightsStore } from '../state/weightsStore';
import { App } from '../ui/App';
import { createStudio, type Studio } from './createStudio';

let studio: Studio;

async function open(client = new FakeClient()): Promise<FakeClient> {
  studio = createStudio(client);
  render(<App commands={studio.commands} />);
  await studio.open();
  await studio.commands.openDemo();
  return client;
}

const file = (path: string, text = 'x') => ({ path, blob: new Blob([text]) });
const texts = () => useNoticeStore.getState().notices.map(({ text }) => text);
const named = () => useDraftStore.getState().experiment.defense.initialWeights;
const startsFrom = (path: string) => {
  const { defense, ...rest } = fakeExperiment();
  return file('again.json', JSON.stringify({ ...rest, defense: { ...defense, initialWeights: path } }));
};
const choose = (label: string, name: string) =>
  fireEvent.change(screen.getByLabelText(label), { target: { files: [new File(['x'], name)] } });

beforeEach(() => {
  useDatasetStore.setState(useDatasetStore.getInitialState(), true);
  useModelStore.setState(useModelStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useLabStore.setState(useLabStore.getInitialState(), true);
  useWeightsStore.setState(useWeightsStore.getInitialState(), true);
  useSessionStore.setState(useSessionStore.getInitialState(), true);
  useViewStore.setState(useViewStore.getInitialState(), true);
  useNoticeStore.setState({ notices: [], nextId: 1 });
  clearRun();
  clearVictim();
});

afterEach(() => {
  cleanup();
  studio.dispose();
});

describe('start weights in the page', () => {
  it('takes a transform to start from, and refuses another width or network at the field', async () => {
    const client = await open();
    goTo('train');
    useViewStore.setState({ trainView: 'settings' });
    await screen.findByLabelText('Starts from');
    choose('File: Starts from', 'start-8.pth');
    await waitFor(() => expect(named()).toBe('start-8.pth'));
    expect(screen.getByTestId('start')).toHaveProperty('disabled', false);
    expect(screen.queryByRole('alert')).toBeNull();

    setField('defense.firstChannels', 16);
    const width =
      'The transform cannot start from start-8.pth: its first channels are 8, and this transform’s 16.';
    expect((await screen.findByRole('alert')).textContent).toBe(width);
    expect(screen.getByTestId('start')).toHaveProperty('disabled', true);
    expect(screen.getByTestId('progress-step').textContent).toBe(width);

    choose('File: Starts from', 'benign.pth');
    await waitFor(() =>
      expect(screen.getByRole('alert').textContent).toContain('holds the weights of CIFAR ResNet-18'),
    );
    expect(client.calls.map(({ name }) => name)).not.toContain('run/start');

    client.failNext('weights/open', new StudioError('file/foreign', 'page.pth is an HTML page.'));
    choose('File: Starts from', 'page.pth');
    await waitFor(() => expect(texts()).toContain('page.pth is an HTML page.'));
    expect(named()).toBe('benign.pth');

    fireEvent.change(screen.getByLabelText('Starts from'), { target: { value: '' } });
    expect(named()).toBeNull();
    expect(screen.getByTestId('start')).toHaveProperty('disabled', false);
  });

  it('asks for the file that a dropped experiment starts from, and takes it when it comes', async () => {
    const client = await open();
    await studio.commands.openFiles([startsFrom('start-8-transform.pth')]);
    expect(texts().at(-1)).toBe('The settings of "demo signs" are in place. Now open start-8-transform.pth.');
    goTo('train');
    await waitFor(() =>
      expect(screen.getByTestId('start').title).toBe(
        'start-8-transform.pth is not here; open it: the transform starts from it.',
      ),
    );
    // By itself it would be an exported defence to restore.
    await studio.commands.openFiles([file('start-8-transform.pth')]);
    expect(client.calls.map(({ name }) => name)).not.toContain('bundle/open');
    await waitFor(() => expect(screen.getByTestId('start')).toHaveProperty('disabled', false));
    await studio.commands.openFiles([file('other-transform.pth')]);
    expect(client.calls.map(({ name }) => name)).toContain('bundle/open');
  });

  it('takes experiment and start weights from one drop, by the path the experiment gives', async () => {
    const client = await open();
    await studio.commands.openFiles([
      file('start-8-transform.pth'),
      startsFrom('weights/start-8-transform.pth'),
    ]);
    const opened = client.calls.find(({ name }) => name === 'weights/open');
    expect(opened?.params).toMatchObject({ file: { path: 'weights/start-8-transform.pth' } });
    expect(texts().at(-1)).toBe('The settings of "demo signs" are in place.');
    expect(named()).toBe('weights/start-8-transform.pth');
  });

  it('knows the files of the session before', async () => {
    await open();
    useDraftStore.setState({ experiment: fakeExperiment() });
    setField('defense.initialWeights', 'start-8.pth');
    const draft = useDraftStore.getState().experiment;
    useWeightsStore.setState(useWeightsStore.getInitialState(), true);
    await studio.commands.restoreSession();
    useDraftStore.setState({ experiment: draft });
    goTo('train');
    await waitFor(() => expect(screen.getByTestId('start')).toHaveProperty('disabled', false));
  });

  it('takes a classifier to start the victim from, in the lab', async () => {
    await open();
    goTo('lab');
    useLabStore.setState({ part: 'train' });
    const train = await screen.findByTestId('train-victim');
    choose('File: Starts from', 'benign.pth');
    await waitFor(() => expect(useLabStore.getState().recipe.initialWeights).toBe('benign.pth'));
    expect(train).toHaveProperty('disabled', false);
    choose('File: Starts from', 'start-8.pth');
    await waitFor(() =>
      expect(screen.getByTestId('victim-step').textContent).toBe(
        'start-8.pth is a transform, where a classifier is wanted.',
      ),
    );
    expect(train).toHaveProperty('disabled', true);
  });
});
