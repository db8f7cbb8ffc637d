import { type Experiment, parseExperiment } from '../../protocol/experiment';
import { busyWith } from '../../state/busy';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { useDatasetStore } from '../../state/datasetStore';
import { useModelStore } from '../../state/modelStore';
import { notify } from '../../state/noticeStore';
import { isLive, type RunPhase, showStoredRun, useRunStore } from '../../state/runStore';
import { readMarker, type SessionMarker, useSessionStore } from '../../state/sessionStore';
import { useVictimStore } from '../../state/victimStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { weightsOpened } from '../../state/weightsStore';
import { takeDataset, takeModel } from './files';
import { redrawMap } from './map';
import { ask, type StudioContext, wireError } from './studio';

const MARKER = 'session';
const DRAFT = 'draft';

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
    model: useModelStore.getState().summary?.fileName ?? null,
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
  setExperiment((await readDraft(context)) ?? restored.experiment ?? useDraftStore.getState().experiment);
  await redrawMap(context);
  if (wanted !== null) {
    const run = await ask(context, 'runs/read', { runId: wanted });
    if (run?.kind === 'defense') showStoredRun(run);
  }
  const { phase } = useRunStore.getState();
  useViewStore.setState({ trainView: phase === 'idle' ? 'settings' : 'dashboard' });
  goTo(restored.model && restored.dataset ? 'train' : restored.model ? 'model' : 'images');
  if (restored.model === null && restored.dataset === null) {
    notify('warning', 'Nothing of the last session could be read back.');
    goTo('welcome');
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
}

/** True while leaving the page would lose steps. */
export function wouldLoseSteps(): boolean {
  const loses = (phase: RunPhase) => isLive(phase) && phase !== 'paused';
  return (
    loses(useRunStore.getState().phase) || loses(useVictimStore.getState().phase) || busyWith() === 'sweep'
  );
}
