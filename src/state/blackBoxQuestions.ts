import type { Experiment } from '../protocol/experiment';
import type { DatasetSummary } from '../protocol/summaries';

/** What a black box is asked for. */
export type Purpose = 'try' | 'distil' | 'measure';

/** Whether it answers, and for how many classes, is asked with one grey image. */
const GREY = 1;

/**
 * The most images that a black box is sent for a purpose. What it said before, in this visit, is not asked again; so it may be fewer.
 */
export function mostImages(
  purpose: Purpose,
  experiment: Experiment,
  dataset: Pick<DatasetSummary, 'trainCount' | 'testCount'>,
): number {
  const { attack, evaluate, model } = experiment;
  const tested = Math.min(
    dataset.testCount ?? 0,
    experiment.dataset.test ?? Infinity,
    evaluate.testLimit ?? Infinity,
  );
  // Clean, and with the trigger where one is known.
  const measured = tested * (attack === null ? 1 : 2);
  switch (purpose) {
    case 'try':
      return GREY + 1;
    case 'distil': {
      const images = Math.min(dataset.trainCount, experiment.dataset.train ?? Infinity);
      const { batchSize, epochs, maxSteps } = model.blackBox?.distil ?? {
        batchSize: 0,
        epochs: 0,
        maxSteps: 0,
      };
      const steps = Math.min(Math.floor(images / batchSize) * epochs, maxSteps ?? Infinity);
      // Each training image once.
      return GREY + Math.min(images, steps * batchSize) + measured;
    }
    case 'measure':
      // As it is, and behind the transform.
      return GREY + 2 * measured;
  }
}
