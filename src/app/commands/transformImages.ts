import type { WireFile } from '../../protocol/messages';
import { busyWith, busyWords } from '../../state/busy';
import { useDatasetStore } from '../../state/datasetStore';
import { setField, useDraftStore } from '../../state/draftStore';
import { droppedPath, isNamed } from '../../protocol/droppedPath';
import { notify, notifyError } from '../../state/noticeStore';
import { takeTransformImages, useTransformStore } from '../../state/transformStore';
import { type StudioContext, track, wireError } from './studio';

/** What loose files are called. */
const LOOSE = 'images';

/**
 * Takes images that only the transform is trained on, under the path that the experiment gives them where it means them, else under
 * their own, which it then names. What fails leaves what was there as it was.
 * @param named that path, where it is not the draft's.
 */
export async function openTransformImages(
  context: StudioContext,
  files: readonly WireFile[],
  named = useDraftStore.getState().experiment.dataset.transformPath,
): Promise<void> {
  if (files.length === 0 || refusedWhileBusy()) return;
  if (useDatasetStore.getState().summary === null) {
    notify('info', 'Open the images to evaluate first: those for the transform are brought to their size.');
    return;
  }
  const path = named !== null && isNamed(files, named) ? named : (droppedPath(files) ?? LOOSE);
  const summary = await track(
    context,
    'transform-images/open',
    { path, files },
    {
      subject: files.length === 1 ? path : `${files.length.toLocaleString('en')} files`,
      set: (loading) => useTransformStore.setState({ loading }),
    },
  );
  if (summary === null) return;
  takeTransformImages(summary);
  nameTransformImages();
}

/** The transform is trained on the data set's own images again. */
export async function removeTransformImages({ client }: StudioContext): Promise<void> {
  if (refusedWhileBusy()) return;
  try {
    await client.call('transform-images/remove', {});
  } catch (thrown) {
    notifyError(wireError(thrown));
    return;
  }
  takeTransformImages(null);
  setField('dataset.transformPath', null);
}

/** The experiment names the images that are loaded. */
export function nameTransformImages(): void {
  const { summary } = useTransformStore.getState();
  if (summary !== null) setField('dataset.transformPath', summary.path);
}

function refusedWhileBusy(): boolean {
  const busy = busyWith();
  if (busy === null) return false;
  notify('warning', `The images for the transform can be changed once ${busyWords(busy)} has been stopped.`);
  return true;
}
