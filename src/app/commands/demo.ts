import { setExperiment } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { notify } from '../../state/noticeStore';
import { isLive, useRunStore } from '../../state/runStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { takeDataset, takeModel } from './files';
import { redrawMap } from './map';
import { type StudioContext, track } from './studio';

/** Opens the built-in signs and the small backdoored model, ready to start. */
export async function openDemo(context: StudioContext): Promise<void> {
  if (isLive(useRunStore.getState().phase)) {
    notify('warning', 'The demo can be opened once the run has been stopped.');
    return;
  }
  const demo = await track(
    context,
    'demo/open',
    {},
    {
      subject: 'the demo',
      set: (loading) => useModelStore.setState({ loading }),
    },
  );
  if (demo === null) return;
  takeModel(demo.model);
  takeDataset(demo.dataset);
  setExperiment(demo.experiment);
  await redrawMap(context);
  useViewStore.setState({ trainView: 'dashboard' });
  goTo('train');
  if (demo.note !== '') notify('info', demo.note);
}
