import { useAttackRefusal } from './attackRefusal';
import { busyWords, useBusy } from './busy';
import { useDatasetStore } from './datasetStore';
import { useDeviceStore } from './deviceStore';
import { useDraftStore } from './draftStore';
import { useLabStore, useRecipe } from './labStore';
import { useWeightsProblem } from './weightsStore';

/** Why no classifier can be trained now, in one sentence; null when one can. */
export function useVictimBlocker(): string | null {
  const experiment = useDraftStore((state) => state.experiment);
  const recipe = useRecipe();
  const asTrained = { ...experiment, model: { ...experiment.model, train: recipe } };
  const weights = useWeightsProblem(asTrained, ['classifier', 'surrogate']);
  const refusal = useAttackRefusal('poisoning');
  return useVictimResumeBlocker() ?? weights ?? refusal?.message ?? null;
}

/** As `useVictimBlocker`, for going on from a checkpoint, which needs no start weights. */
export function useVictimResumeBlocker(): string | null {
  const busy = useBusy();
  const device = useDeviceStore((state) => state.status);
  const dataset = useDatasetStore((state) => state.summary);
  const limit = useDraftStore((state) => state.experiment.dataset.train);
  const target = useDraftStore((state) => state.experiment.attack?.target ?? 0);
  const invalidDraft = useDraftStore((state) => Object.keys(state.invalid).length);
  const invalidRecipe = useLabStore((state) => Object.keys(state.invalid).length);
  const { batchSize } = useRecipe();
  if (busy !== null) return `Stop ${busyWords(busy)} first: one thing at a time.`;
  if (device !== 'ready') return 'The GPU is not ready.';
  if (dataset === null) return 'Load images first.';
  if (!dataset.labelled) return 'These images carry no labels, and a classifier needs them to learn from.';
  const invalid = invalidDraft + invalidRecipe;
  if (invalid > 0) return `${invalid === 1 ? 'One setting is' : `${invalid} settings are`} not valid.`;
  const classes = dataset.classNames.length;
  if (target >= classes) {
    return `The target class ${target} does not exist: the images have ${classes} classes, numbered from 0.`;
  }
  const images = Math.min(dataset.trainCount, limit ?? dataset.trainCount);
  if (batchSize > images) return `The batch of ${batchSize} is larger than the ${images} training images.`;
  return null;
}
