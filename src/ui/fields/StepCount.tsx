import { useDraftStore } from '../../state/draftStore';
import { formatCount } from '../common/format';
import styles from './Fields.module.css';

interface StepCountProps {
  readonly batchSize: number;
  readonly epochs: number;
  readonly maxSteps: number | null;
  /** Images that are loaded for it; null where they are not, and nothing is said then. */
  readonly count: number | null;
  /** What else is to be said of the images; begins with a comma. */
  readonly remark?: string;
}

/** How many steps a training's settings come to, for the images that are loaded. */
export function StepCount({ batchSize, epochs, maxSteps, count, remark = '' }: StepCountProps) {
  const limit = useDraftStore((state) => state.experiment.dataset.train);
  if (count === null) return null;
  const images = Math.min(count, limit ?? count);
  // As the trainers count: an incomplete last batch is left out.
  const perEpoch = Math.floor(images / batchSize);
  const steps = Math.min(perEpoch * epochs, maxSteps ?? Number.POSITIVE_INFINITY);
  return (
    <p className={styles.steps}>
      <b>{formatCount(steps)}</b> steps: {formatCount(perEpoch)} an epoch of {formatCount(images)} images
      {remark}.
    </p>
  );
}
