import { clearAnalysis } from '../../state/analysisStore';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { useMapStore } from '../../state/mapStore';
import { notify, notifyError } from '../../state/noticeStore';
import { clearRun, useRunStore } from '../../state/runStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { runControls } from './runControls';
import { ask, type StudioContext, wireError } from './studio';

/** Starts a fresh run of the draft. */
export async function start(context: StudioContext): Promise<void> {
  const { experiment } = useDraftStore.getState();
  const { before } = useRunStore.getState();
  clearRun({ before });
  clearAnalysis();
  useRunStore.setState({
    experiment,
    phase: 'preparing',
    pending: 'start',
    labelMap: useMapStore.getState().map,
  });
  useViewStore.setState({ trainView: 'dashboard' });
  goTo('train');
  await begin(context, null);
}

/** Goes on with a stored run from its last checkpoint, with the settings it was started with. */
export async function resumeFrom(context: StudioContext, runId: string): Promise<void> {
  const { runId: shown, experiment } = useRunStore.getState();
  if (shown !== runId || experiment === null) {
    notify('warning', 'Load the run first, then resume it.');
    return;
  }
  setExperiment({ ...experiment });
  useRunStore.setState({
    pending: 'start',
    phase: 'preparing',
    error: null,
    results: null,
    blackBox: null,
    after: null,
  });
  useViewStore.setState({ trainView: 'dashboard' });
  goTo('train');
  await begin(context, runId);
}

async function begin(context: StudioContext, resume: string | null): Promise<void> {
  const { experiment } = useDraftStore.getState();
  try {
    const { runId, totalSteps } = await context.client.call('run/start', { experiment, resume });
    useRunStore.setState(({ progress }) => ({ runId, pending: null, progress: { ...progress, totalSteps } }));
  } catch (thrown) {
    const error = wireError(thrown);
    useRunStore.setState({ phase: 'failed', error, pending: null });
    notifyError(error);
  }
}

export const { pause, resume, step, stop } = runControls(useRunStore);

export async function checkpoint(context: StudioContext): Promise<void> {
  const { runId } = useRunStore.getState();
  if (runId === null) return;
  useRunStore.setState({ pending: 'checkpoint' });
  const answer = await ask(context, 'run/checkpoint', { runId });
  useRunStore.setState({ pending: null });
  if (answer) {
    useRunStore.setState({ checkpoint: { step: answer.step, at: new Date().toISOString() } });
    notify('success', `Checkpoint written at step ${answer.step.toLocaleString('en')}.`);
  }
}

/** BA and ASR of the model as it came. */
export async function measureBefore(context: StudioContext): Promise<void> {
  const { experiment } = useDraftStore.getState();
  useRunStore.setState({ pending: 'before' });
  const before = await ask(context, 'evaluate/before', { experiment });
  useRunStore.setState({ pending: null, ...(before === null ? {} : { before }) });
}
