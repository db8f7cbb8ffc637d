import { asStudioError, StudioError, toWireError } from '../../protocol/errors';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import type { WireFile } from '../../protocol/messages';
import { expandSweep, type SweepCell } from '../../protocol/sweep';
import { labelOf, useBlackBoxStore } from '../../state/blackBoxStore';
import { busyWith } from '../../state/busy';
import { useDatasetStore } from '../../state/datasetStore';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { useLabStore } from '../../state/labStore';
import { withLoaded } from '../../state/loadedPaths';
import { IDLE } from '../../state/loading';
import { useModelStore } from '../../state/modelStore';
import { notify, notifyError } from '../../state/noticeStore';
import { encodeSettings } from '../../state/shareLink';
import { sweepStarted } from '../../state/sweepStore';
import { useTransformStore } from '../../state/transformStore';
import type { StudioContext } from './studio';
import { missingWeights } from './weights';

/** Takes an experiment from its JSON text; the files that are loaded stay. */
export function openExperimentText(text: string, source: string): boolean {
  try {
    const value = parseJson(text, source);
    const experiment = parseExperiment(value, source);
    if (experiment.sweep !== null && experiment.model.blackBox !== null) {
      throw new StudioError(
        'experiment/invalid',
        `${source} asks for many runs on a black box: the command line runs those, the page one at a time.`,
        { subject: 'sweep' },
      );
    }
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

/** The data that experiment files of a drop name, or the draft where there is none that can be read. Takes nothing. */
export async function namedData(files: readonly WireFile[]): Promise<Experiment['dataset']> {
  for (const file of files) {
    try {
      return parseExperiment(JSON.parse(await file.blob.text())).dataset;
    } catch {
      // What is wrong with it is told when it is opened.
    }
  }
  return useDraftStore.getState().experiment.dataset;
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
  const { path, blackBox } = experiment.model;
  const { file } = useBlackBoxStore.getState();
  const { transformPath } = withLoaded(experiment).dataset;
  const missing = [
    ...(path !== null && useModelStore.getState().summary === null ? [path] : []),
    ...(blackBox !== null && blackBox.path !== null && file === null ? [blackBox.path] : []),
    ...(useDatasetStore.getState().summary === null ? [experiment.dataset.path] : []),
    ...(transformPath !== null && useTransformStore.getState().summary?.path !== transformPath
      ? [`${transformPath} for the transform`]
      : []),
    ...missingWeights(experiment),
  ];
  // A sweep is the lab's to run; the draft is one run.
  setExperiment({ ...withLoaded(experiment), sweep: null });
  useBlackBoxStore.setState({ trial: null, trying: IDLE });
  const next = missing.length > 0 ? ` Now open ${missing.join(' and ')}.` : '';
  const own = ownModel(experiment.model);
  notify(
    next === '' && own === '' ? 'success' : 'info',
    `The settings of "${experiment.name}" are in place.${next}${own}`,
  );
}

/** What an experiment without a model's file wants done first. */
function ownModel({ train, blackBox }: Experiment['model']): string {
  if (train !== null) return ' It trains its own classifier: do that in the attack lab.';
  if (blackBox === null) return '';
  const label = labelOf(blackBox);
  return blackBox.url === null
    ? ' Its surrogate is distilled on the model page.'
    : ` It asks ${label === '' ? 'an address' : label}: nothing is sent before you allow it, on the model page.`;
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
