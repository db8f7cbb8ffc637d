import type { Experiment } from '../../protocol/experiment';
import { busyWith, busyWords } from '../../state/busy';
import { recipeNow, setRecipe, useLabStore } from '../../state/labStore';
import { withLoaded } from '../../state/loadedPaths';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { notify } from '../../state/noticeStore';
import { distillation } from '../../state/surrogateStore';
import { useVictimStore, victimTraining } from '../../state/victimStore';
import { goTo } from '../../state/viewStore';
import { beginTraining } from './beginTraining';
import { takeModel } from './files';
import { redrawMap } from './map';
import { runControls } from './runControls';
import { ask, type StudioContext, track } from './studio';

/** Trains the classifier that the lab's recipe describes, poisoned by the experiment's attack. */
export async function trainVictim(context: StudioContext): Promise<void> {
  const { experiment } = useDraftStore.getState();
  await train(
    context,
    {
      ...experiment,
      model: { ...experiment.model, path: null, blackBox: null, train: recipeNow() },
      sweep: null,
    },
    null,
  );
}

/** Goes on with the classifier in the lab from its last checkpoint, as it was started. */
export async function resumeVictim(context: StudioContext): Promise<void> {
  const { experiment, runId } = useVictimStore.getState();
  if (experiment === null || runId === null) return;
  await train(context, experiment, runId);
}

function train({ client }: StudioContext, experiment: Experiment, resume: string | null): Promise<void> {
  useLabStore.setState({ part: 'train' });
  goTo('lab');
  return beginTraining({
    training: victimTraining,
    other: distillation,
    experiment,
    resumed: resume !== null,
    ask: () => client.call('victim/train', { experiment, resume }),
  });
}

export const {
  pause: pauseVictim,
  resume: goOnVictim,
  step: stepVictim,
  stop: stopVictim,
} = runControls(useVictimStore);

/** Makes the classifier of the lab the model to defend; the experiment then names it and trains none. */
export async function adoptVictim(context: StudioContext): Promise<void> {
  const { experiment } = useVictimStore.getState();
  useVictimStore.setState({ pending: 'adopt' });
  const ready = await track(
    context,
    'victim/adopt',
    {},
    { subject: 'the classifier', set: (loading) => useModelStore.setState({ loading }) },
  );
  useVictimStore.setState({ pending: null });
  if (ready === null) return;
  takeTrainedAs(experiment);
  takeModel(ready);
  await redrawMap(context);
  goTo('model');
  notify('success', `${ready.summary.fileName} is the model now, with the attack it was made with.`);
}

/** The attack and the way of feeding that the classifier was trained with; the rest of the draft stays. */
function takeTrainedAs(experiment: Experiment | null): void {
  if (experiment === null) return;
  const { experiment: draft } = useDraftStore.getState();
  const { normalization, channelOrder, train } = experiment.model;
  setExperiment({
    ...draft,
    attack: experiment.attack,
    model: { ...draft.model, normalization, channelOrder },
  });
  if (train) setRecipe(train);
}

/** Leaves the training of a classifier aside: the experiment is about the loaded model. */
export function keepLoadedModel(): void {
  setExperiment(withLoaded(useDraftStore.getState().experiment, 'the loaded one'));
}

/** Shows a stored training in the lab: its settings, its curve, what it measured. */
export async function openVictimRun(context: StudioContext, runId: string): Promise<void> {
  const busy = busyWith();
  if (busy !== null) {
    notify('warning', `Stop ${busyWords(busy)} before opening another training.`);
    return;
  }
  const run = await ask(context, 'runs/read', { runId });
  if (run === null) return;
  victimTraining.showStored(run);
  const { experiment: draft } = useDraftStore.getState();
  setExperiment({ ...draft, attack: run.experiment.attack, seed: run.experiment.seed });
  if (run.experiment.model.train) setRecipe(run.experiment.model.train);
  useLabStore.setState({ part: 'train' });
  goTo('lab');
}
