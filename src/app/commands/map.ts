import type { LabelMapSettings } from '../../protocol/experiment';
import { classCount } from '../../state/classNames';
import { useDatasetStore } from '../../state/datasetStore';
import { setField, useDraftStore } from '../../state/draftStore';
import { setDrawnMap, useMapStore } from '../../state/mapStore';
import { useModelStore } from '../../state/modelStore';
import { notifyError } from '../../state/noticeStore';
import { type StudioContext, wireError } from './studio';

/**
 * Draws the map that the settings stand for and takes both, or neither.
 * @param source the file they came from, named where the map cannot be drawn.
 */
export async function drawMap(
  context: StudioContext,
  settings: LabelMapSettings,
  source: string | null = null,
): Promise<boolean> {
  const names = useDatasetStore.getState().summary?.classNames ?? null;
  const classes = classCount(useModelStore.getState().summary?.classes, names);
  if (classes === null) {
    setField('defense.mapping', settings);
    useMapStore.setState({ map: null });
    return true;
  }
  const { seed } = useDraftStore.getState().experiment;
  useMapStore.setState({ loading: { kind: 'loading', progress: null, subject: null } });
  try {
    const { map } = await context.client.call('map/preview', { settings, classes, seed });
    setField('defense.mapping', settings);
    setDrawnMap(map);
    return true;
  } catch (thrown) {
    useMapStore.setState({ loading: { kind: 'idle' } });
    const error = wireError(thrown);
    const { message } = error;
    notifyError(
      source === null ? error : { ...error, subject: source, message: `${source}: ${lowerFirst(message)}` },
    );
    return false;
  }
}

/** Draws the draft's map again, for other classes; an explicit one that no longer fits gives way to a derangement. */
export async function redrawMap(context: StudioContext): Promise<void> {
  const { defense, seed } = useDraftStore.getState().experiment;
  if (!(await drawMap(context, defense.mapping)) && defense.mapping.kind === 'explicit') {
    await drawMap(context, { kind: 'derangement', seed });
  }
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
