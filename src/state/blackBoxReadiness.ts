import { blackBoxProblem, useBlackBoxStore } from './blackBoxStore';
import { busyWords, useBusy } from './busy';
import { useDatasetStore } from './datasetStore';
import { useDeviceStore } from './deviceStore';
import { useDraftStore } from './draftStore';
import { hasTransform, useRunStore } from './runStore';

/** Why the black box cannot be asked now, in one sentence; null when it can. */
export function useAskBlocker(): string | null {
  const busy = useBusy();
  const file = useBlackBoxStore((state) => state.file);
  const blackBox = useDraftStore((state) => state.experiment.model.blackBox);
  const images = useDatasetStore((state) => state.summary !== null);
  if (busy !== null) return `Stop ${busyWords(busy)} first: one thing at a time.`;
  if (blackBox === null) return 'No black box is chosen.';
  return (
    blackBoxProblem(blackBox, file) ??
    (images ? null : 'Load images first: the black box is asked about them.')
  );
}

/** Why no surrogate can be distilled now, in one sentence; null when one can. */
export function useDistilBlocker(): string | null {
  const asking = useAskBlocker();
  const device = useDeviceStore((state) => state.status);
  const invalid = useDraftStore((state) => Object.keys(state.invalid).length);
  const limit = useDraftStore((state) => state.experiment.dataset.train);
  const batchSize = useDraftStore((state) => state.experiment.model.blackBox?.distil.batchSize ?? 0);
  const count = useDatasetStore((state) => state.summary?.trainCount ?? 0);
  if (asking !== null) return asking;
  if (device !== 'ready') return 'The GPU is not ready.';
  if (invalid > 0) return `${invalid === 1 ? 'One setting is' : `${invalid} settings are`} not valid.`;
  const images = Math.min(count, limit ?? count);
  if (batchSize > images) return `The batch of ${batchSize} is larger than the ${images} training images.`;
  return null;
}

/** Why the black box cannot be measured behind the transform now, in one sentence; null when it can. */
export function useMeasureBlocker(): string | null {
  const busy = useBusy();
  const there = useRunStore(hasTransform);
  const stored = useRunStore((state) => state.stored);
  const ran = useRunStore((state) => state.experiment?.model.blackBox ?? null);
  const file = useBlackBoxStore((state) => state.file);
  const dataset = useDatasetStore((state) => state.summary);
  if (busy === 'run') return 'It is measured when the run is over.';
  if (busy !== null) return `Stop ${busyWords(busy)} first: one thing at a time.`;
  if (stored) return 'The transform lies in storage: bring it back with the button above.';
  if (!there || ran === null) return 'Train the transform first.';
  if (dataset === null) return 'Load images first.';
  if (dataset.testCount === null) return 'These images have no test part to measure on.';
  return blackBoxProblem(ran, file);
}
