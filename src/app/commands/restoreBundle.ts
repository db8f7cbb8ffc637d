import type { WireFile } from '../../protocol/messages';
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
  const experiment = {
    ...withLoaded(settings, 'the loaded one'),
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
