import { asStudioError, toWireError } from '../../protocol/errors';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import { expandSweep, type SweepCell } from '../../protocol/sweep';
import { busyWith } from '../../state/busy';
import { useDatasetStore } from '../../state/datasetStore';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { useLabStore } from '../../state/labStore';
import { withLoaded } from '../../state/loadedPaths';
import { useModelStore } from '../../state/modelStore';
import { notify, notifyError } from '../../state/noticeStore';
import { encodeSettings } from '../../state/shareLink';
import { sweepStarted } from '../../state/sweepStore';
import type { StudioContext } from './studio';
import { missingWeights } from './weights';

/** Takes an experiment from its JSON text; the files that are loaded stay. */
export function openExperimentText(text: string, source: string): boolean {
  try {
    const value = parseJson(text, source);
    const experiment = parseExperiment(value, source);
    // Checked whole before anything is taken.
    const cells = experiment.sweep === null ? null : expandSweep(value, source);
    setLoaded(experiment);
    if (cells !== null) showSweep(value, cells);
    return true;
  } catch (thrown) {
    notifyError(toWireError(asStudioError(thrown)));
    return false;
  }
}

/** A file that asks for many runs: they wait in the lab's matrix. */
function showSweep(file: unknown, cells: readonly SweepCell[]): void {
  if (busyWith() === 'sweep') return;
  const rows = cells.map(({ index, id, values }) => ({ index, id, values }));
  sweepStarted({ file, cells: rows, rows: [] });
  useLabStore.setState({ part: 'matrix' });
  notify('info', `Its ${cells.length} runs are in the matrix of the attack lab.`);
}

function parseJson(text: string, source: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return parseExperiment(null, `${source} holds no JSON and so`);
  }
}

/** The experiment with the paths of what is loaded; what it names and is not there is asked for. */
function setLoaded(experiment: Experiment): void {
  const { path } = experiment.model;
  const missing = [
    ...(path !== null && useModelStore.getState().summary === null ? [path] : []),
    ...(useDatasetStore.getState().summary === null ? [experiment.dataset.path] : []),
    ...missingWeights(experiment),
  ];
  // A sweep is the lab's to run; the draft is one run.
  setExperiment({ ...withLoaded(experiment), sweep: null });
  const next = missing.length > 0 ? ` Now open ${missing.join(' and ')}.` : '';
  const trains = path === null ? ' It trains its own classifier: do that in the attack lab.' : '';
  notify(
    next === '' && trains === '' ? 'success' : 'info',
    `The settings of "${experiment.name}" are in place.${next}${trains}`,
  );
}

function draftText(): string {
  return `${JSON.stringify(useDraftStore.getState().experiment, null, 2)}\n`;
}

export async function copyExperiment(context: StudioContext): Promise<void> {
  await copy(context, draftText(), 'The experiment file is on the clipboard.');
}

/** Puts a link with the settings and the seed, and no data, on the clipboard and in the address bar. */
export async function copyLink(context: StudioContext): Promise<void> {
  const url = new URL(window.location.href);
  url.hash = encodeSettings(useDraftStore.getState().experiment);
  window.history.replaceState(null, '', url);
  await copy(context, url.toString(), 'A link with these settings is on the clipboard. It holds no data.');
}

async function copy(context: StudioContext, text: string, done: string): Promise<void> {
  try {
    await context.clipboard.write(text);
    notify('success', done);
  } catch {
    notify('warning', 'The browser did not let the page write to the clipboard.');
  }
}

export async function pasteExperiment(context: StudioContext): Promise<boolean> {
  try {
    return openExperimentText(await context.clipboard.read(), 'The text on the clipboard');
  } catch {
    notify('warning', 'The browser did not let the page read the clipboard. Open the file instead.');
    return false;
  }
}

export function downloadExperiment(context: StudioContext): void {
  const { name } = useDraftStore.getState().experiment;
  context.save(`${name.replaceAll(/[^\w.-]+/g, '-')}.experiment.json`, draftText());
}
