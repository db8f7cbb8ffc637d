import { useSurrogateLoaded } from './blackBoxStore';
import { useAttackRefusal } from './attackRefusal';
import { busyWords, useBusy } from './busy';
import { classCount } from './classNames';
import { useDatasetStore } from './datasetStore';
import { useDeviceStore } from './deviceStore';
import { useDraftStore } from './draftStore';
import { useModelStore } from './modelStore';
import { useTrainingImages } from './trainingImages';
import { useWeightsProblem } from './weightsStore';

/** Why a run cannot be started now, in one sentence; null when it can. */
export function useStartBlocker(): string | null {
  const weights = useWeightsProblem(
    useDraftStore((state) => state.experiment),
    ['transform'],
  );
  const refusal = useAttackRefusal('trigger');
  return useResumeBlocker() ?? weights ?? refusal?.message ?? null;
}

/** As `useStartBlocker`, for going on from a checkpoint, which needs no start weights. */
export function useResumeBlocker(): string | null {
  const device = useDeviceStore((state) => state.status);
  const model = useModelStore((state) => state.summary);
  const dataset = useDatasetStore((state) => state.summary);
  const invalid = useDraftStore((state) => Object.keys(state.invalid).length);
  const batchSize = useDraftStore((state) => state.experiment.defense.batchSize);
  const limit = useDraftStore((state) => state.experiment.dataset.train);
  const trains = useDraftStore((state) => state.experiment.model.train !== null);
  const blackBox = useDraftStore((state) => state.experiment.model.blackBox !== null);
  const surrogate = useSurrogateLoaded();
  const training = useTrainingImages();
  const busy = useBusy();
  if (busy === 'victim' || busy === 'sweep') return `Stop ${busyWords(busy)} in the attack lab first.`;
  if (busy === 'surrogate') return `Stop ${busyWords(busy)} on the model page first.`;
  if (blackBox && !surrogate) {
    return 'This experiment defends a black box: distil its surrogate first, on the model page.';
  }
  if (trains && dataset === null) return 'Load images first; this experiment then trains its own classifier.';
  if (trains) return 'This experiment trains its own classifier: train the victim first, in the attack lab.';
  if (model === null && dataset === null) return 'Load a model and images first.';
  if (model === null) return 'Load the model to defend first.';
  if (dataset === null) return 'Load images first.';
  if (device !== 'ready') return 'The GPU is not ready.';
  if (model.verdict !== 'can-be-defended') return `This model cannot be defended: ${model.verdictReason}`;
  if (dataset.labelled && classCount(model.classes, null) !== dataset.classNames.length) {
    return `The model tells ${model.classes ?? '?'} classes apart and the images have ${dataset.classNames.length}.`;
  }
  if (invalid > 0) return `${invalid === 1 ? 'One setting is' : `${invalid} settings are`} not valid.`;
  if (training.missing !== null)
    return `Open ${training.missing}, which trains the transform, on the Images page, or go without it there.`;
  const count = training.count ?? 0;
  const images = Math.min(count, limit ?? count);
  if (batchSize > images) return `The batch of ${batchSize} is larger than the ${images} training images.`;
  return null;
}
