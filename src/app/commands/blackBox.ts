import { parseExperiment } from '../../protocol/experiment';
import type { BlackBoxTrial, WireFile } from '../../protocol/messages';
import { nameOf, sourceOf, takeBlackBoxFile, useBlackBoxStore } from '../../state/blackBoxStore';
import { useDraftStore } from '../../state/draftStore';
import { IDLE } from '../../state/loading';
import { notifyError } from '../../state/noticeStore';
import { useRunStore } from '../../state/runStore';
import { imageShelf } from '../../state/shelves';
import { ask, type StudioContext, track, wireError } from './studio';

const ONNX = /\.onnx$/i;

/**
 * The file of a drop that is the black box: the one that an experiment of the same drop names as such, or any ONNX file while the page waits
 * for a black box that is a file.
 */
export async function blackBoxAmong(
  models: readonly WireFile[],
  experiments: readonly WireFile[],
): Promise<WireFile | null> {
  const onnx = models.filter(({ path }) => ONNX.test(path));
  if (onnx.length === 0) return null;
  for (const file of experiments) {
    const named = blackBoxPath(await file.blob.text());
    const found = onnx.find(({ path }) => named !== null && baseName(path) === baseName(named));
    if (found) return found;
  }
  const { blackBox } = useDraftStore.getState().experiment.model;
  return blackBox !== null && sourceOf(blackBox) === 'file' ? (onnx[0] ?? null) : null;
}

/** What an experiment's text names as its black box's file; null for any other text, which is refused elsewhere. */
function blackBoxPath(text: string): string | null {
  try {
    return parseExperiment(JSON.parse(text)).model.blackBox?.path ?? null;
  } catch {
    return null;
  }
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Hands the engine an ONNX file that is only to be asked; nothing of it is run yet. */
export async function openBlackBox(context: StudioContext, file: WireFile): Promise<void> {
  try {
    await context.client.call('blackbox/open', { file });
  } catch (thrown) {
    notifyError(wireError(thrown));
    return;
  }
  takeBlackBoxFile(file.path);
}

/** Asks about one image; what goes wrong is told beside the question. @param allowNetwork leave for this question. */
export async function tryBlackBox(context: StudioContext, allowNetwork: boolean): Promise<void> {
  const { experiment } = useDraftStore.getState();
  useBlackBoxStore.setState({
    trial: null,
    trying: { kind: 'loading', progress: null, subject: 'the black box' },
  });
  let trial: BlackBoxTrial;
  try {
    trial = await context.client.call('blackbox/try', { experiment, allowNetwork });
  } catch (thrown) {
    // Said where it was asked, and nowhere else.
    useBlackBoxStore.setState({ trying: { kind: 'failed', error: wireError(thrown) } });
    return;
  }
  useBlackBoxStore.setState({ trying: IDLE });
  const { blackBox } = useDraftStore.getState().experiment.model;
  // Another one may have been chosen meanwhile.
  if (
    blackBox === null ||
    experiment.model.blackBox === null ||
    nameOf(blackBox) !== nameOf(experiment.model.blackBox)
  )
    return;
  imageShelf.put('blackbox/trial', trial.image);
  const { confidences, seconds } = trial;
  useBlackBoxStore.setState({ trial: { confidences, seconds, label: trial.image.labels[0] ?? null } });
}

/** Measures the four pairs of Table 11. @param allowNetwork leave for these questions. */
export async function measureBlackBox(context: StudioContext, allowNetwork: boolean): Promise<void> {
  const { runId } = useRunStore.getState();
  const pairs = await track(
    context,
    'blackbox/evaluate',
    { allowNetwork },
    { subject: 'all four', set: (measuring) => useBlackBoxStore.setState({ measuring }) },
  );
  if (pairs === null || useRunStore.getState().runId !== runId) return;
  useRunStore.setState(({ results }) => ({
    blackBox: pairs,
    results: results && { ...results, blackBox: pairs },
  }));
}

/** Calls the measuring off; what was asked stays known. */
export async function cancelBlackBox(context: StudioContext): Promise<void> {
  await ask(context, 'analysis/cancel', {});
}
