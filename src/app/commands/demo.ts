import { busyWith, busyWords } from '../../state/busy';
import { setExperiment } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { notify } from '../../state/noticeStore';
import { goTo, useViewStore } from '../../state/viewStore';
import { takeDataset, takeModel } from './files';
import { redrawMap } from './map';
import { type StudioContext, track } from './studio';

/** Opens the built-in signs and the small backdoored model, ready to start. */
export async function openDemo(context: StudioContext): Promise<void> {
  const busy = busyWith();
  if (busy !== null) {
    notify('warning', `The demo can be opened once ${busyWords(busy)} has been stopped.`);
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
