import { clearAnalysis } from '../../state/analysisStore';
import { busyWith, busyWords } from '../../state/busy';
import { setExperiment } from '../../state/draftStore';
import { withLoaded } from '../../state/loadedPaths';
import { useMapStore } from '../../state/mapStore';
import { notify, notifyError } from '../../state/noticeStore';
import { clearRun, isLive, showStoredRun, useRunStore } from '../../state/runStore';
import { toggleChosen, useRunsStore } from '../../state/runsStore';
import { distillation } from '../../state/surrogateStore';
import { victimTraining } from '../../state/victimStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { ask, type StudioContext, track, wireError } from './studio';

export async function listRuns(context: StudioContext): Promise<void> {
  const runs = await track(
    context,
    'runs/list',
    {},
    {
      set: (loading) => useRunsStore.setState({ loading }),
    },
  );
  if (runs) useRunsStore.setState({ runs });
}

/** As `listRuns` behind the page's back: a list that cannot be read is told of where it is looked at. */
export async function refreshRuns({ client }: StudioContext): Promise<void> {
  try {
    useRunsStore.setState({ runs: await client.call('runs/list', {}) });
  } catch {
    // The page goes on with the list it has.
  }
}

/** Shows a stored run: its settings, its curves, what it measured. */
export async function loadRun(context: StudioContext, runId: string): Promise<void> {
  const busy = busyWith();
  if (busy !== null) {
    notify('warning', `Stop ${busyWords(busy)} before loading another run.`);
    return;
  }
  const run = await ask(context, 'runs/read', { runId });
  if (run === null) return;
  if (run.kind === 'surrogate') {
    notify('warning', `"${run.name}" is the distillation of a black box: open it on the model page.`);
    return;
  }
  if (run.kind === 'victim') {
    notify('warning', `"${run.name}" is the training of a classifier, not of a defence: open it in the lab.`);
    return;
  }
  clearAnalysis();
  showStoredRun(run);
  setExperiment(withLoaded(run.experiment));
  useMapStore.setState({ map: run.labelMap });
  useViewStore.setState({ trainView: 'dashboard' });
  goTo('train');
}

export async function deleteRun(context: StudioContext, runId: string): Promise<void> {
  try {
    await context.client.call('runs/delete', { runId });
  } catch (thrown) {
    notifyError(wireError(thrown));
    return;
  }
  useRunsStore.setState(({ runs, chosen }) => ({
    runs: runs.filter((run) => run.id !== runId),
    chosen: chosen.filter((id) => id !== runId),
  }));
  if (useRunStore.getState().runId === runId && !isLive(useRunStore.getState().phase)) clearRun();
  for (const { useStore, clear } of [victimTraining, distillation]) {
    const { runId: own, phase } = useStore.getState();
    if (own === runId && !isLive(phase)) clear();
  }
}

export async function chooseRun(context: StudioContext, runId: string): Promise<void> {
  useRunsStore.setState(({ chosen }) => ({ chosen: toggleChosen(chosen, runId) }));
  if (useRunsStore.getState().details[runId]) return;
  const run = await ask(context, 'runs/read', { runId });
  if (run) useRunsStore.setState(({ details }) => ({ details: { ...details, [runId]: run } }));
}
