import { type Experiment, parseExperiment } from '../../protocol/experiment';
import {
  isSurrogate,
  readStoredBlackBox,
  type StoredBlackBox,
  useBlackBoxStore,
} from '../../state/blackBoxStore';
import { busyWith } from '../../state/busy';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { useDatasetStore } from '../../state/datasetStore';
import { useModelStore } from '../../state/modelStore';
import { notify } from '../../state/noticeStore';
import { isLive, type RunPhase, showStoredRun, useRunStore } from '../../state/runStore';
import { readMarker, type SessionMarker, useSessionStore } from '../../state/sessionStore';
import { distillation, useSurrogateStore } from '../../state/surrogateStore';
import { takeTransformImages } from '../../state/transformStore';
import { useVictimStore } from '../../state/victimStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { weightsOpened } from '../../state/weightsStore';
import { takeDataset, takeModel } from './files';
import { redrawMap } from './map';
import { ask, type StudioContext, wireError } from './studio';

const MARKER = 'session';
const DRAFT = 'draft';
const BLACK_BOX = 'black-box';

/** Looks for the session before this one and puts it on offer. Reads no file. */
export async function offerSession(context: StudioContext): Promise<void> {
  try {
    const offer = readMarker(await context.client.call('settings/read', { key: MARKER }));
    // Whoever has begun anew meanwhile is not asked about the session before.
    if (useModelStore.getState().summary ?? useDatasetStore.getState().summary) return;
    useSessionStore.setState({ offer });
  } catch (thrown) {
    const { code } = wireError(thrown);
    if (code.startsWith('storage/')) {
      notify('warning', 'This browser lets the page keep nothing, so a reload will lose the session.', {
        code,
      });
    }
  }
}

/** Notes what is loaded and how far the run is, so that a reload can offer it. */
export async function writeMarker(context: StudioContext): Promise<void> {
  if (useSessionStore.getState().offer !== null) return;
  const { experiment, runId, progress, checkpoint } = useRunStore.getState();
  const marker: SessionMarker = {
    model: useModelStore.getState().summary?.fileName ?? useBlackBoxStore.getState().file,
    dataset: useDatasetStore.getState().summary?.name ?? null,
    run:
      runId === null
        ? null
        : {
            id: runId,
            name: experiment?.name ?? runId,
            step: progress.step,
            totalSteps: progress.totalSteps,
            checkpoint: checkpoint?.step ?? null,
          },
    at: new Date().toISOString(),
  };
  if (marker.model === null && marker.dataset === null) return;
  try {
    // First: what the marker offers has to find which model is a surrogate.
    await context.client.call('settings/write', { key: BLACK_BOX, value: blackBoxNow() });
    await context.client.call('settings/write', { key: MARKER, value: marker });
    await context.client.call('settings/write', {
      key: DRAFT,
      value: useDraftStore.getState().experiment,
    });
    useSessionStore.setState({ savedAt: Date.now() });
  } catch {
    // Said once, by offerSession; the page works without a memory.
  }
}

/** Loads the session on offer: files, settings, curves and the last checkpoint. */
export async function restoreSession(context: StudioContext): Promise<void> {
  const wanted = useSessionStore.getState().offer?.run?.id ?? useRunStore.getState().runId;
  useSessionStore.setState({ restoring: true });
  const restored = await ask(context, 'session/restore', {});
  useSessionStore.setState({ restoring: false, offer: null });
  if (restored === null) return;
  for (const file of restored.weights) weightsOpened(file);
  if (restored.model) takeModel(restored.model);
  if (restored.dataset) takeDataset(restored.dataset);
  takeTransformImages(restored.transformImages);
  setExperiment((await readDraft(context)) ?? restored.experiment ?? useDraftStore.getState().experiment);
  useBlackBoxStore.setState({ file: restored.blackBox });
  await restoreBlackBox(context);
  await redrawMap(context);
  if (wanted !== null) {
    const run = await ask(context, 'runs/read', { runId: wanted });
    if (run?.kind === 'defense') showStoredRun(run);
  }
  const { phase } = useRunStore.getState();
  useViewStore.setState({ trainView: phase === 'idle' ? 'settings' : 'dashboard' });
  const { model } = useDraftStore.getState().experiment;
  const { surrogate } = useBlackBoxStore.getState();
  const distils = model.blackBox !== null && !isSurrogate(restored.model?.summary.hash, model, surrogate);
  const complete = restored.model && restored.dataset && !distils;
  goTo(complete ? 'train' : restored.model || distils ? 'model' : 'images');
  if (restored.model === null && restored.dataset === null && restored.blackBox === null) {
    notify('warning', 'Nothing of the last session could be read back.');
    goTo('welcome');
  }
}

/** What a reload wants back of the black box; leave to ask an address is no part of it. */
function blackBoxNow(): StoredBlackBox {
  return { surrogate: useBlackBoxStore.getState().surrogate, runId: useSurrogateStore.getState().runId };
}

/** Which model is a surrogate, and the distillation that was on the page. */
async function restoreBlackBox(context: StudioContext): Promise<void> {
  try {
    const stored = readStoredBlackBox(await context.client.call('settings/read', { key: BLACK_BOX }));
    if (stored === null) return;
    useBlackBoxStore.setState({ surrogate: stored.surrogate });
    if (stored.runId === null) return;
    const run = await context.client.call('runs/read', { runId: stored.runId });
    if (run.kind === 'surrogate') distillation.showStored(run);
  } catch {
    // Files and settings are back without it; the distillation can be opened from the stored runs, if it is among them.
  }
}

/** The settings as the page last had them; they may be newer than those of the last run. */
async function readDraft(context: StudioContext): Promise<Experiment | null> {
  try {
    return parseExperiment(await context.client.call('settings/read', { key: DRAFT }));
  } catch {
    return null;
  }
}

/** Declines the offer and deletes the stored copies. */
export async function forgetSession(context: StudioContext): Promise<void> {
  useSessionStore.setState({ offer: null });
  await ask(context, 'session/clear', {});
  await ask(context, 'settings/write', { key: MARKER, value: null });
  await ask(context, 'settings/write', { key: BLACK_BOX, value: null });
}

/** True while leaving the page would lose steps. */
export function wouldLoseSteps(): boolean {
  const loses = (phase: RunPhase) => isLive(phase) && phase !== 'paused';
  return (
    loses(useRunStore.getState().phase) ||
    loses(useVictimStore.getState().phase) ||
    loses(useSurrogateStore.getState().phase) ||
    busyWith() === 'sweep'
  );
}
