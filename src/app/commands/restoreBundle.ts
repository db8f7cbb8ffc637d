import type { Experiment } from '../../protocol/experiment';
import type { WireFile } from '../../protocol/messages';
import { nameOf, useBlackBoxStore } from '../../state/blackBoxStore';
import { setExperiment, useDraftStore } from '../../state/draftStore';
import { withLoaded } from '../../state/loadedPaths';
import { useMapStore } from '../../state/mapStore';
import { useModelStore } from '../../state/modelStore';
import { notify, notifyError } from '../../state/noticeStore';
import { clearRun, useRunStore } from '../../state/runStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { ask, type StudioContext, wireError } from './studio';

/** Restores a defended model from its exported files and measures it, where there are images. */
export async function openBundle(context: StudioContext, files: readonly WireFile[]): Promise<void> {
  if (useModelStore.getState().summary === null) {
    const name = files[0]?.path ?? 'This file';
    notify('warning', `${name} is an exported defence. Load the model it defends first, then drop it again.`);
    return;
  }
  const restored = await ask(context, 'bundle/open', { files });
  if (restored === null) return;
  const { before } = useRunStore.getState();
  clearRun({ before });
  const { experiment: draft } = useDraftStore.getState();
  const settings = restored.experiment ?? draft;
  const surrogate = takeAsSurrogate(restored.experiment);
  const experiment = {
    ...withLoaded(settings, surrogate ? 'as it says' : 'the loaded one'),
    defense: {
      ...settings.defense,
      firstChannels: restored.firstChannels,
      mapping: { kind: 'explicit' as const, permutation: [...restored.labelMap] },
    },
  };
  setExperiment(experiment);
  useMapStore.setState({ map: restored.labelMap, loading: { kind: 'idle' } });
  useRunStore.setState({ phase: 'restored', experiment, labelMap: restored.labelMap });
  useViewStore.setState({ trainView: 'dashboard' });
  goTo('train');
  notify('success', restored.note === '' ? 'The defended model is back.' : restored.note);
}

/** A bundle of a defended black box restores it, where the loaded model is the surrogate that it was trained on. */
function takeAsSurrogate(experiment: Experiment | null): boolean {
  const hash = useModelStore.getState().summary?.hash;
  const { blackBox } = experiment?.model ?? { blackBox: null };
  if (blackBox === null || hash === undefined || experiment?.inputs?.model !== `sha256:${hash}`) return false;
  const { file } = useBlackBoxStore.getState();
  useBlackBoxStore.setState({
    surrogate: {
      hash,
      of: nameOf(blackBox.path !== null && file !== null ? { ...blackBox, path: file } : blackBox),
    },
  });
  return true;
}

/** Measures the defended model as it is now. */
export async function measureAfter(context: StudioContext): Promise<void> {
  useRunStore.setState({ pending: 'after' });
  try {
    const evaluation = await context.client.call('evaluate/after', {});
    useRunStore.setState({ after: evaluation, pending: null });
  } catch (thrown) {
    useRunStore.setState({ pending: null });
    notifyError(wireError(thrown));
  }
}
