// @vitest-environment happy-dom
import { cleanup, fireEvent, render, screen, waitFor, within } from '@testing-library/react';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FakeClient, type FakeOptions } from '../../tests/fakes/fakeClient';
import { StudioError } from '../protocol/errors';
import { clearAnalysis } from '../state/analysisStore';
import { useDatasetStore } from '../state/datasetStore';
import { useDeviceStore } from '../state/deviceStore';
import { useDraftStore } from '../state/draftStore';
import { useMapStore } from '../state/mapStore';
import { useModelStore } from '../state/modelStore';
import { useNoticeStore } from '../state/noticeStore';
import { clearRun, useRunStore } from '../state/runStore';
import { useRunsStore } from '../state/runsStore';
import { runSeries } from '../state/series';
import { useSessionStore } from '../state/sessionStore';
import { useViewStore } from '../state/viewStore';
import { App } from '../ui/App';
import { createStudio, type Studio } from './createStudio';

let studio: Studio | null = null;

async function open(options: FakeOptions = {}): Promise<FakeClient> {
  const client = new FakeClient({ stepsPerTick: 20, ...options });
  studio = createStudio(client);
  render(<App commands={studio.commands} />);
  await studio.open();
  return client;
}

const file = (path: string, text = 'x') => ({ path, blob: new Blob([text]) });
const texts = () => useNoticeStore.getState().notices.map(({ text }) => text);
const phase = () => useRunStore.getState().phase;

beforeEach(() => {
  useDeviceStore.setState(useDeviceStore.getInitialState(), true);
  useModelStore.setState(useModelStore.getInitialState(), true);
  useDatasetStore.setState(useDatasetStore.getInitialState(), true);
  useDraftStore.setState(useDraftStore.getInitialState(), true);
  useMapStore.setState(useMapStore.getInitialState(), true);
  useRunsStore.setState(useRunsStore.getInitialState(), true);
  useSessionStore.setState(useSessionStore.getInitialState(), true);
  useViewStore.setState(useViewStore.getInitialState(), true);
  useNoticeStore.setState({ notices: [], nextId: 1 });
  clearRun();
  clearAnalysis();
  window.location.hash = '';
});

afterEach(() => {
  cleanup();
  studio?.dispose();
  vi.restoreAllMocks();
});

describe('the studio on a scripted client', () => {
  it('goes the whole way: demo, start, pause, step, resume, done, export', async () => {
    const client = await open();
    fireEvent.click(screen.getByTestId('open-demo'));
    await screen.findByTestId('start');
    expect(screen.getByTestId('step-compare').textContent).toMatch(/no stored runs/);
    fireEvent.click(screen.getByTestId('start'));
    await waitFor(() => expect(phase()).toBe('training'));
    await waitFor(() => expect(screen.getByTestId('step-compare').textContent).toMatch(/1 stored run$/));
    await waitFor(() => expect(runSeries.length).toBeGreaterThan(0));
    fireEvent.click(await screen.findByTestId('pause'));
    await waitFor(() => expect(screen.getByTestId('run-phase').textContent).toBe('Paused'));
    const { step } = useRunStore.getState().progress;
    fireEvent.click(screen.getByTestId('step'));
    await waitFor(() => expect(useRunStore.getState().progress.step).toBe(step + 1));
    await waitFor(() => expect(screen.getByTestId('resume')).toHaveProperty('disabled', false));
    fireEvent.click(screen.getByTestId('resume'));
    await waitFor(() => expect(phase()).toBe('done'));
    expect(runSeries.at('step', runSeries.length - 1)).toBe(600);
    expect(screen.getByTestId('kpi-asr').textContent).toMatch(/2\.0 %36 of 1,800was 99\.7 %/);
    expect(within(screen.getByTestId('sample-grid')).getByText('transformed triggered')).toBeTruthy();
    fireEvent.click(screen.getByTestId('step-export'));
    await waitFor(() => expect(client.calls.filter(({ name }) => name === 'export/file')).toHaveLength(7));
    const saved = vi.spyOn(URL, 'createObjectURL').mockReturnValue('blob:x');
    fireEvent.click(screen.getByTestId('export-bundle.zip'));
    await waitFor(() => expect(saved).toHaveBeenCalledTimes(1));
  });

  it('can pause and stop while the model is being measured', async () => {
    const client = await open({ stepsPerTick: 1 });
    await studio?.commands.openDemo();
    await studio?.commands.start();
    await waitFor(() => expect(phase()).toBe('training'));
    client.run?.pause('evaluating');
    await waitFor(() => expect(screen.getByTestId('run-phase').dataset['phase']).toBe('evaluating'));
    const pause = screen.getByTestId('pause');
    expect(pause).toHaveProperty('disabled', false);
    fireEvent.click(pause);
    await waitFor(() => expect(phase()).toBe('paused'));
    const paused = client.calls.filter(({ name }) => name === 'run/pause');
    expect(paused).toMatchObject([{ params: { runId: client.run?.id } }]);
    client.run?.pause('evaluating');
    await waitFor(() => expect(screen.getByTestId('stop')).toHaveProperty('disabled', false));
    expect(screen.getByTestId('stop').title).toBe('Stop measuring; what was learned is kept');
    fireEvent.click(screen.getByTestId('stop'));
    await waitFor(() => expect(phase()).toBe('stopped'));
  });

  it('keeps what was loaded when a file fails, and says which and why', async () => {
    const client = await open();
    await studio?.commands.openFiles([file('cifar.zip'), file('good.pth')]);
    client.failNext(
      'model/open',
      new StudioError('format/malformed', 'bad.pth is damaged.', { subject: 'bad.pth' }),
    );
    await studio?.commands.openFiles([file('bad.pth'), file('page.html')]);
    expect(useModelStore.getState().summary?.fileName).toBe('good.pth');
    expect(useDatasetStore.getState().summary?.name).toBe('cifar.zip');
    expect(texts()).toEqual(['page.html is nothing the studio can use: HTML page.', 'bad.pth is damaged.']);
    const notices = await screen.findAllByTestId('notice');
    fireEvent.click(within(notices[0]!).getByLabelText('Dismiss'));
    expect(screen.getAllByTestId('notice')).toHaveLength(1);
  });

  it('edits the map only into permutations, by select and by form', async () => {
    await open();
    await studio?.commands.openDemo();
    fireEvent.click(screen.getByTestId('step-remap'));
    const drawn = useMapStore.getState().map!;
    fireEvent.change(screen.getByTestId('remap-swap-a'), { target: { value: '0' } });
    fireEvent.change(screen.getByTestId('remap-swap-b'), { target: { value: '4' } });
    fireEvent.submit(screen.getByTestId('remap-swap').closest('form')!);
    const swapped = useMapStore.getState().map!;
    expect([swapped[0], swapped[4]]).toEqual([drawn[4], drawn[0]]);
    fireEvent.change(screen.getByTestId('remap-label-3'), { target: { value: '3' } });
    expect([...useMapStore.getState().map!].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(screen.getByText(/keeps its own label/)).toBeTruthy();
    expect(useDraftStore.getState().experiment.defense.mapping).toEqual({
      kind: 'explicit',
      permutation: useMapStore.getState().map,
    });
  });

  it('refuses a map of another size and keeps the old one', async () => {
    await open();
    await studio?.commands.openDemo();
    const before = useMapStore.getState().map;
    await studio?.commands.openFiles([file('label_map.json', '[1, 2, 0]')]);
    expect(useMapStore.getState().map).toEqual(before);
    expect(useDraftStore.getState().experiment.defense.mapping.kind).toBe('derangement');
    expect(texts()).toContain('label_map.json: this is a 3-class map for a 10-class model.');
  });

  it('restores a defended model from a bundle, and asks for the model first', async () => {
    await open();
    await studio?.commands.openFiles([file('bundle.zip')]);
    expect(texts()[0]).toMatch(/Load the model it defends first/);
    await studio?.commands.openDemo();
    await studio?.commands.openFiles([file('bundle.zip')]);
    expect(phase()).toBe('restored');
    expect(useMapStore.getState().map).toEqual([5, 7, 0, 9, 3, 4, 8, 1, 6, 2]);
    fireEvent.click(await screen.findByTestId('measure-after'));
    await waitFor(() => expect(screen.getByTestId('kpi-ba').textContent).toMatch(/96\.5 %/));
  });

  it('names the key of an experiment it cannot take', async () => {
    await open();
    studio?.commands.openExperimentText('{"version": 1, "colour": 2}', 'mine.json');
    expect(texts()[0]).toMatch(/mine\.json/);
    studio?.commands.openExperimentText('not json', 'mine.json');
    expect(useNoticeStore.getState().notices.at(-1)?.code).toBe('experiment/invalid');
  });

  it('marks a setting that is not valid and will not start with it', async () => {
    await open();
    await studio?.commands.openDemo();
    fireEvent.click(screen.getByRole('radio', { name: 'Settings' }));
    const batch = screen.getByLabelText('Batch');
    fireEvent.change(batch, { target: { value: '0' } });
    expect(screen.getByText('Must be more than 0.')).toBeTruthy();
    expect(screen.getByTestId('start')).toHaveProperty('disabled', true);
    fireEvent.change(batch, { target: { value: '100000' } });
    expect(screen.getByTestId('progress-step').textContent).toMatch(/larger than the 5923 training images/);
    fireEvent.change(batch, { target: { value: '32' } });
    expect(screen.getByTestId('start')).toHaveProperty('disabled', false);
  });

  it('says plainly that there is no adapter, and tries again', async () => {
    await open({ deviceError: 'gpu/no-adapter' });
    expect(await screen.findByTestId('no-gpu')).toBeTruthy();
    expect(screen.queryByTestId('drop-zone')).toBeNull();
  });

  it('fails the run, offers a restart when the device is lost, and reads everything back', async () => {
    const client = await open();
    await studio?.commands.openDemo();
    await studio?.commands.start();
    await waitFor(() => expect(phase()).toBe('training'));
    await waitFor(() => expect(runSeries.length).toBeGreaterThan(0));
    await studio?.commands.checkpoint();
    client.run?.pause();
    client.emit({
      kind: 'device/lost',
      error: { code: 'gpu/device-lost', message: 'Gone.', detail: null, subject: null },
    });
    expect(await screen.findByTestId('device-banner')).toBeTruthy();
    fireEvent.click(screen.getByTestId('restart-device'));
    await waitFor(() => expect(useDeviceStore.getState().status).toBe('ready'));
    expect(client.restarts).toBe(1);
    await waitFor(() => expect(screen.getByTestId('resume-checkpoint').textContent).toMatch(/checkpoint/));
    expect(runSeries.length).toBeGreaterThan(0);
  });

  it('offers the session before, restores it only when asked, and can forget it', async () => {
    const marker = {
      model: 'm.pth',
      dataset: 'd.zip',
      run: { id: 'run-earlier', name: 'mine', step: 412, totalSteps: 600, checkpoint: 400 },
      at: new Date().toISOString(),
    };
    const client = await open({ session: marker });
    const offer = await screen.findByTestId('restore-offer');
    expect(offer.textContent).toMatch(/m\.pth with d\.zip.*step 412 of 600.*checkpoint at 400/);
    expect(client.calls.map(({ name }) => name)).not.toContain('session/restore');
    fireEvent.click(screen.getByTestId('restore'));
    await waitFor(() => expect(runSeries.length).toBe(412));
    expect(useModelStore.getState().summary).not.toBeNull();
    expect(screen.queryByTestId('restore-offer')).toBeNull();
  });

  it('takes settings, and no data, from the link', async () => {
    await open();
    vi.spyOn(navigator.clipboard, 'writeText').mockResolvedValue();
    useDraftStore.setState(({ experiment }) => ({ experiment: { ...experiment, seed: 42 } }));
    await studio?.commands.copyLink();
    const { hash } = window.location;
    useDraftStore.setState(useDraftStore.getInitialState(), true);
    cleanup();
    studio?.dispose();
    window.location.hash = hash;
    await open();
    expect(useDraftStore.getState().experiment.seed).toBe(42);
  });
});
