import { useDatasetStore } from './datasetStore';
import { useDraftStore } from './draftStore';
import { useTransformStore } from './transformStore';

/** What the transform of the draft is trained on. */
export interface TrainingImages {
  /** Null where they are not loaded. */
  readonly count: number | null;
  /** The path of images of their own that the draft names and that are not loaded, or null. */
  readonly missing: string | null;
}

/** The images that the draft's transform is trained on: its own where it names some, else the data set's training part. */
export function useTrainingImages(): TrainingImages {
  const path = useDraftStore((state) => state.experiment.dataset.transformPath);
  const own = useTransformStore((state) => state.summary);
  const count = useDatasetStore((state) => state.summary?.trainCount ?? null);
  if (path === null) return { count, missing: null };
  return own?.path === path ? { count: own.count, missing: null } : { count: null, missing: path };
}
