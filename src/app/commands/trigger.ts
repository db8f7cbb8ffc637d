import type { WireFile } from '../../protocol/messages';
import { setField, useDraftStore } from '../../state/draftStore';
import { imageShelf } from '../../state/shelves';
import { useTriggerStore } from '../../state/triggerStore';
import { ask, type StudioContext, track } from './studio';

const PREVIEW_IMAGES = 6;

/** Shows the trigger of the draft on a few test images. */
export async function previewTrigger(context: StudioContext): Promise<void> {
  const { experiment } = useDraftStore.getState();
  if (experiment.attack === null) return;
  const shown = JSON.stringify(experiment.attack);
  useTriggerStore.setState({ tried: shown });
  const preview = await track(
    context,
    'trigger/preview',
    { experiment, count: PREVIEW_IMAGES },
    {
      set: (loading) => useTriggerStore.setState({ preview: loading }),
    },
  );
  if (preview === null) return;
  imageShelf.put('trigger/clean', preview.clean);
  imageShelf.put('trigger/triggered', preview.triggered);
  useTriggerStore.setState({ shown });
}

/** Hands an image to the engine and makes it the value of an option of the attack. */
export async function setTriggerImage(context: StudioContext, option: string, file: WireFile): Promise<void> {
  const answer = await ask(context, 'trigger/image', { file });
  if (answer === null) return;
  useTriggerStore.setState(({ imageNames }) => ({ imageNames: { ...imageNames, [answer.id]: file.path } }));
  setField(`attack.options.${option}`, answer.id);
  await previewTrigger(context);
}
