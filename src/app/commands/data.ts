import { type ImageFilter, IMAGES_PER_PAGE, useDatasetStore } from '../../state/datasetStore';
import { setField } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import type { Commands } from '../../state/commands';
import { imageShelf } from '../../state/shelves';
import { type StudioContext, track } from './studio';

export async function showImages(context: StudioContext, filter: ImageFilter): Promise<void> {
  useDatasetStore.setState({ filter });
  const strip = await track(
    context,
    'dataset/images',
    { ...filter, offset: filter.offset ?? 0, count: IMAGES_PER_PAGE },
    {
      set: (images) => useDatasetStore.setState({ images }),
    },
  );
  // A slower answer to an earlier question must not replace a later one.
  if (strip && useDatasetStore.getState().filter === filter) imageShelf.put('dataset/images', strip);
}

export async function proposeNormalization(
  context: StudioContext,
  channelOrder: 'RGB' | 'BGR' | null,
): Promise<void> {
  const proposal = await track(
    context,
    'model/propose-normalization',
    { channelOrder },
    {
      set: (proposing) => useModelStore.setState({ proposing }),
    },
  );
  if (proposal) useModelStore.setState({ proposal });
}

/** Works out the statistics of every tensor in the loaded model's file. */
export async function readTensors(context: StudioContext): Promise<void> {
  const { summary } = useModelStore.getState();
  const tensors = await track(
    context,
    'model/tensors',
    {},
    { set: (readingTensors) => useModelStore.setState({ readingTensors }) },
  );
  // Those of a model that has been replaced meanwhile are not shown for its successor.
  if (tensors && useModelStore.getState().summary === summary) useModelStore.setState({ tensors });
}

export const applyNormalization: Commands['applyNormalization'] = ({ mean, std, channelOrder }) => {
  setField('model.normalization', { mean: [...mean], std: [...std] });
  setField('model.channelOrder', channelOrder);
};
