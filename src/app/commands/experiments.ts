import { asStudioError, toWireError } from '../../protocol/errors';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import { useDatasetStore } from '../../state/datasetStore';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { notify, notifyError } from '../../state/noticeStore';
import { encodeSettings } from '../../state/shareLink';
import type { StudioContext } from './studio';

/** Takes an experiment from its JSON text; the files that are loaded stay. */
export function openExperimentText(text: string, source: string): boolean {
  try {
    setLoaded(parseExperiment(parseJson(text, source), source));
    return true;
  } catch (thrown) {
    notifyError(toWireError(asStudioError(thrown)));
    return false;
  }
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
  const model = useModelStore.getState().summary;
  const dataset = useDatasetStore.getState().summary;
  const missing = [
    ...(model === null ? [experiment.model.path] : []),
    ...(dataset === null ? [experiment.dataset.path] : []),
  ];
  setExperiment({
    ...experiment,
    model: { ...experiment.model, path: model?.fileName ?? experiment.model.path },
    dataset: { ...experiment.dataset, path: dataset?.name ?? experiment.dataset.path },
  });
  if (missing.length > 0) {
    notify('info', `The settings of "${experiment.name}" are in place. Now open ${missing.join(' and ')}.`);
  } else {
    notify('success', `The settings of "${experiment.name}" are in place.`);
  }
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
