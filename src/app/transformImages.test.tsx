// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClient, type FakeOptions } from '../../tests/fakes/fakeClient';
import { StudioError } from '../protocol/errors';
import { useDatasetStore } from '../state/datasetStore';
import { useDiagnosticsStore } from '../state/diagnosticsStore';
import { setField, useDraftStore } from '../state/draftStore';
import { useModelStore } from '../state/modelStore';
import { useNoticeStore } from '../state/noticeStore';
import { clearRun } from '../state/runStore';
import { useSessionStore } from '../state/sessionStore';
import { useTransformStore } from '../state/transformStore';
import { goTo, useViewStore } from '../state/viewStore';
import { App } from '../ui/App';
import { createStudio, type Studio } from './createStudio';

let studio: Studio | null = null;

async function open(options: FakeOptions = {}): Promise<FakeClient> {
  const client = new FakeClient(options);
  studio = createStudio(client);
  render(<App commands={studio.commands} />);
  await studio.open();
  return client;
}

const file = (path: string, text = 'x') => ({ path, blob: new Blob([text]) });
const texts = () => useNoticeStore.getState().notices.map(({ text }) => text);
const named = () => useDraftStore.getState().experiment.dataset.transformPath;
const card = () => screen.findByTestId('transform-card');
const settings = (transformPath: string | null) =>
  file(
    'settings.json',
    JSON.stringify({
      version: 1,
      name: 'table 9',
      model: { path: 'm.pth' },
      dataset: { path: 'cifar.zip', transformPath },
      defense: { kind: 'refine' },
    }),
  );
const asked = (client: FakeClient) =>
  client.calls.filter(({ name }) => name === 'transform-images/open').map(({ params }) => params);

/** A file input's `files` cannot be set in any other way. */
function choose(testId: string, files: readonly File[]): void {
  const input = screen.getByTestId<HTMLInputElement>(testId);
  Object.defineProperty(input, 'files', { value: files, configurable: true });
  fireEvent.change(input);
}

beforeEach(() => {
  useModelStore.setState(useModelStore.getInitialState(), true);
  useDatasetStore.setState(useDatasetStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useSessionStore.setState(useSessionStore.getInitialState(), true);
  useViewStore.setState(useViewStore.getInitialState(), true);
  useTransformStore.setState(useTransformStore.getInitialState(), true);
  useDiagnosticsStore.setState(useDiagnosticsStore.getInitialState(), true);
  useNoticeStore.setState({ notices: [], nextId: 1 });
  clearRun();
});
afterEach(() => {
  cleanup();
  studio?.dispose();
});

describe('images for the transform alone', () => {
  it('are chosen on the images page, named by the experiment, and removed again', async () => {
    const client = await open();
    await studio?.commands.openDemo();
    goTo('images');
    expect((await card()).textContent).toMatch(/trained on the [\d,]+ images above/);
    choose('transform-files', [new File(['x'], 'cinic.zip')]);
    await waitFor(() => expect(named()).toBe('cinic.zip'));
    const text = (await card()).textContent;
    expect(text).toMatch(/cinic\.zip/);
    expect(text).toMatch(/90,000to train the transform with|to train the transform with90,000/);
    expect(text).toMatch(/64 × 64/);
    expect(text).toMatch(/brought to 32 × 32/);
    expect(text).toMatch(/labels are not used/);
    fireEvent.click(screen.getByTestId('transform-remove'));
    await waitFor(() => expect(named()).toBeNull());
    expect(client.transformImages).toBeNull();
    expect((await card()).textContent).toMatch(/trained on the [\d,]+ images above/);
  });

  it('are taken when they are dropped on their card, and the data set stays', async () => {
    const client = await open();
    await studio?.commands.openDemo();
    goTo('images');
    const before = useDatasetStore.getState().summary;
    const drop = new Event('drop', { bubbles: true, cancelable: true });
    const dataTransfer = { types: ['Files'], items: [], files: [new File(['x'], 'cinic.zip')] };
    Object.defineProperty(drop, 'dataTransfer', { value: dataTransfer });
    within(await card())
      .getByRole('heading')
      .dispatchEvent(drop);
    await waitFor(() => expect(named()).toBe('cinic.zip'));
    expect(asked(client)).toHaveLength(1);
    expect(useDatasetStore.getState().summary).toBe(before);
  });

  it('that fail to open leave those that were there, and say why on their card', async () => {
    const client = await open();
    await studio?.commands.openDemo();
    goTo('images');
    await studio?.commands.openTransformImages([file('cinic.zip')]);
    client.failNext(
      'transform-images/open',
      new StudioError('file/truncated', 'other.zip is cut off.', { subject: 'other.zip' }),
    );
    await studio?.commands.openTransformImages([file('other.zip')]);
    expect(named()).toBe('cinic.zip');
    const within_ = within(await card());
    expect(within_.getByRole('alert').textContent).toBe('other.zip is cut off.');
    expect(within_.getByText(/90,000/)).toBeTruthy();
    client.failNext('transform-images/remove', new StudioError('worker/busy', 'A run is under way.'));
    await studio?.commands.removeTransformImages();
    expect(named()).toBe('cinic.zip');
    expect(useTransformStore.getState().summary).not.toBeNull();
  });

  it('are asked for by an experiment file that names them, and nothing starts without them', async () => {
    const client = await open();
    await studio?.commands.openDemo();
    await studio?.commands.openFiles([settings('../sets/cinic')]);
    expect(texts().at(-1)).toBe(
      'The settings of "table 9" are in place. Now open ../sets/cinic for the transform.',
    );
    goTo('images');
    expect((await card()).textContent).toMatch(
      /train the transform on \.\.\/sets\/cinic, which is not loaded/,
    );
    goTo('train');
    expect((await screen.findByTestId('start')).hasAttribute('disabled')).toBe(true);
    expect(document.body.textContent).toMatch(/Open \.\.\/sets\/cinic, which trains the transform/);
    // Dropped anywhere on the page they are recognised by their name.
    const dataset = useDatasetStore.getState().summary;
    await studio?.commands.openFiles([file('cinic/a/1.png'), file('cinic/b/2.png')]);
    expect(asked(client)).toMatchObject([{ path: '../sets/cinic' }]);
    expect(named()).toBe('../sets/cinic');
    expect(useDatasetStore.getState().summary).toBe(dataset);
    await waitFor(() => expect(screen.getByTestId('start').hasAttribute('disabled')).toBe(false));
  });

  it('come with the data set and the settings in one drop, each to its place', async () => {
    const client = await open();
    await studio?.commands.openFiles([
      file('cinic/a/1.png'),
      file('cinic/b/2.png'),
      settings('cinic'),
      file('cifar.zip'),
      file('m.pth'),
    ]);
    expect(useDatasetStore.getState().summary?.name).toBe('cifar.zip');
    expect(useTransformStore.getState().summary).toMatchObject({ path: 'cinic' });
    expect(asked(client)).toMatchObject([{ path: 'cinic', files: { length: 2 } }]);
    expect(texts().at(-1)).toBe('The settings of "table 9" are in place.');
  });

  it('are left loaded by settings that do not name them, which can take them up again', async () => {
    await open();
    await studio?.commands.openDemo();
    goTo('images');
    await studio?.commands.openTransformImages([file('cinic.zip')]);
    await studio?.commands.openFiles([settings(null)]);
    expect((await card()).textContent).toMatch(/These settings do not use them/);
    fireEvent.click(screen.getByTestId('transform-use'));
    expect(named()).toBe('cinic.zip');
  });

  it('need a data set first, whose size they are brought to', async () => {
    const client = await open();
    await studio?.commands.openTransformImages([file('cinic.zip')]);
    expect(asked(client)).toEqual([]);
    expect(texts()).toEqual([
      'Open the images to evaluate first: those for the transform are brought to their size.',
    ]);
  });

  it('decide how large a batch may be', async () => {
    await open();
    await studio?.commands.openDemo();
    await studio?.commands.openTransformImages([file('cinic.zip')]);
    setField('defense.batchSize', 50_000);
    goTo('train');
    await waitFor(() => expect(screen.getByTestId('start').hasAttribute('disabled')).toBe(false));
    await studio?.commands.removeTransformImages();
    await waitFor(() => expect(screen.getByTestId('start').hasAttribute('disabled')).toBe(true));
  });

  it('come back with the session', async () => {
    const client = await open({
      session: { model: 'm.pth', dataset: 'd.zip', run: null, at: new Date().toISOString() },
    });
    await client.call('transform-images/open', { path: 'cinic.zip', files: [file('cinic.zip')] });
    fireEvent.click(await screen.findByTestId('restore'));
    await waitFor(() => expect(useTransformStore.getState().summary?.path).toBe('cinic.zip'));
  });
});

describe('decoded images', () => {
  it('are told of on the data card as they are kept, with what stands in the way', async () => {
    const client = await open();
    await studio?.commands.openDemo();
    goTo('images');
    const told = { count: 20_000, stored: 12_345, bytes: 1_858_268_160, problem: null };
    expect(screen.queryByTestId('kept')).toBeNull();
    client.emit({ kind: 'images/kept', dataset: told, transform: null });
    expect((await screen.findByTestId('kept')).textContent).toBe(
      '12,345 of 20,000 images are decoded and kept on this disk (1.9 GB).',
    );
    client.emit({ kind: 'images/kept', dataset: { ...told, problem: 'The disk is full.' }, transform: null });
    expect((await screen.findByTestId('kept-problem')).textContent).toBe('The disk is full.');
  });

  it('are listed in the diagnostics with their bytes, and deleted from there', async () => {
    const client = await open();
    goTo('diagnostics');
    const list = await screen.findByTestId('decoded');
    await waitFor(() => expect(list.textContent).toMatch(/12 GB of 20 GB at most/));
    expect(list.textContent).toMatch(/street signs, 224 px \(loaded now\)18,000 images, 2\.7 GB/);
    fireEvent.click(screen.getByTestId('decoded-clear'));
    await waitFor(() => expect(list.textContent).toMatch(/Nothing is kept/));
    expect(client.decoded.stores).toEqual([]);
    expect(screen.queryByTestId('decoded-clear')).toBeNull();
  });
});
