import type { Experiment } from '../../protocol/experiment';
import { nameOf, useBlackBoxStore } from '../../state/blackBoxStore';
import { busyWith, busyWords } from '../../state/busy';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { withLoaded } from '../../state/loadedPaths';
import { useModelStore } from '../../state/modelStore';
import { notify } from '../../state/noticeStore';
import { distillation, useSurrogateStore } from '../../state/surrogateStore';
import { victimTraining } from '../../state/victimStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { beginTraining } from './beginTraining';
import { takeModel } from './files';
import { redrawMap } from './map';
import { start } from './run';
import { runControls } from './runControls';
import { ask, type StudioContext, track } from './studio';

/** Distils a new surrogate of the draft's black box. @param allowNetwork leave for this distillation. */
export async function distil(context: StudioContext, allowNetwork: boolean): Promise<void> {
  await begin(context, { ...useDraftStore.getState().experiment, sweep: null }, null, allowNetwork);
}

/** Goes on with the surrogate on the page from its last checkpoint, as it was started. */
export async function resumeDistil(context: StudioContext, allowNetwork: boolean): Promise<void> {
  const { experiment, runId } = useSurrogateStore.getState();
  if (experiment === null || runId === null) return;
  await begin(context, withLoaded(experiment), runId, allowNetwork);
}

function begin(
  { client }: StudioContext,
  experiment: Experiment,
  resume: string | null,
  allowNetwork: boolean,
): Promise<void> {
  return beginTraining({
    training: distillation,
    other: victimTraining,
    experiment,
    resumed: resume !== null,
    ask: () => client.call('blackbox/distil', { experiment, resume, allowNetwork }),
  });
}

export const {
  pause: pauseDistil,
  resume: goOnDistil,
  step: stepDistil,
  stop: stopDistil,
} = runControls(useSurrogateStore);

/** Makes the surrogate the loaded model; the experiment stays about its black box. True once it is. */
export async function adoptSurrogate(context: StudioContext): Promise<boolean> {
  const { experiment } = useSurrogateStore.getState();
  const blackBox = experiment?.model.blackBox ?? null;
  if (experiment === null || blackBox === null) return false;
  useSurrogateStore.setState({ pending: 'adopt' });
  const ready = await track(
    context,
    'victim/adopt',
    {},
    { subject: 'the surrogate', set: (loading) => useModelStore.setState({ loading }) },
  );
  useSurrogateStore.setState({ pending: null });
  if (ready === null) return false;
  // Fed as it was distilled, and the surrogate of what it was distilled from.
  setExperiment({ ...useDraftStore.getState().experiment, model: experiment.model });
  useBlackBoxStore.setState({ surrogate: { hash: ready.summary.hash, of: nameOf(blackBox) } });
  takeModel(ready, 'as it says');
  await redrawMap(context);
  return true;
}

/** One press from the surrogate to its defence: it becomes the model, and REFINE is trained on it with the settings as they are. */
export async function defendSurrogate(context: StudioContext): Promise<void> {
  if (await adoptSurrogate(context)) await start(context);
}

/** Makes the surrogate the model and shows the settings of the defence. */
export async function reviewDefense(context: StudioContext): Promise<void> {
  if (!(await adoptSurrogate(context))) return;
  useViewStore.setState({ trainView: 'settings' });
  goTo('train');
  notify(
    'success',
    'The surrogate is the model now. Train REFINE on it when the settings are as you want them.',
  );
}

/** Shows a stored distillation on the model page: its settings, its curve, what it measured. */
export async function openSurrogateRun(context: StudioContext, runId: string): Promise<void> {
  const busy = busyWith();
  if (busy !== null) {
    notify('warning', `Stop ${busyWords(busy)} before opening another distillation.`);
    return;
  }
  const run = await ask(context, 'runs/read', { runId });
  if (run === null) return;
  distillation.showStored(run);
  const { experiment: draft } = useDraftStore.getState();
  const { model } = withLoaded(run.experiment);
  setExperiment({ ...draft, model, attack: run.experiment.attack, seed: run.experiment.seed });
  goTo('model');
}
