import { poisoningSummary } from '../../compute/attacks/poisoningSummary';
import { limitSplit } from '../../data/subsets';
import { StudioError } from '../../protocol/errors';
import type { Experiment } from '../../protocol/experiment';
import type { PoisoningSummary } from '../../protocol/summaries';
import type { Session } from './session';

/** What the experiment's attack would change of its training images. @throws StudioError `trigger/invalid`, `dataset/bad-labels`. */
export async function poisoningOf(session: Session, experiment: Experiment): Promise<PoisoningSummary> {
  const { dataset } = session.requireDataset();
  const attack = await session.triggerFor(experiment);
  if (!attack) {
    throw new StudioError('trigger/invalid', 'This experiment names no attack, so nothing is poisoned.', {
      subject: 'attack',
    });
  }
  const { labels } = limitSplit(dataset.train, experiment.dataset.train, experiment.seed);
  if (!labels) {
    throw new StudioError('dataset/bad-labels', 'Only labelled images can be poisoned for training.', {
      subject: 'dataset',
    });
  }
  return poisoningSummary(attack.plan(labels, experiment.seed), labels, dataset.classNames.length);
}

/**
 * Refuses an attack that cannot be made of the loaded images, before any work is begun.
 * @throws StudioError as `poisoningOf` where the experiment trains its victim, else as `Session.triggerFor`.
 */
export async function checkAttack(session: Session, experiment: Experiment): Promise<void> {
  if (experiment.model.train && experiment.attack) await poisoningOf(session, experiment);
  else await session.triggerFor(experiment);
}
