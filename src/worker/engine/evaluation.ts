import { evaluate } from '../../compute/analysis/evaluate';
import type { Turn, Work } from '../../compute/device/turn';
import { limitSplit } from '../../data/subsets';
import { StudioError } from '../../protocol/errors';
import type { Experiment } from '../../protocol/experiment';
import type { Evaluation } from '../../protocol/results';
import type { Defended } from './defended';
import { originalOf, type Session } from './session';

/** How an evaluation is done. */
export interface EvaluationOptions extends Work {
  readonly batchSize: number;
}

/**
 * The undefended model on the experiment's test images; null where there are none or none are wanted. Made once under the
 * same conditions. @throws StudioError as `evaluate`.
 */
export async function evaluateOriginal(
  session: Session,
  experiment: Experiment,
  options: EvaluationOptions,
): Promise<Evaluation | null> {
  const known = session.rememberedEvaluation(experiment);
  if (known !== undefined) return known.evaluation;
  const { model, dataset } = session;
  const classes: number[] = [];
  const evaluation = await measure(session, experiment, null, options, (start, batch) => {
    for (let i = 0; i < batch.length; i++) classes[start + i] = batch[i] ?? -1;
  });
  if (session.model === model && session.dataset === dataset)
    session.rememberEvaluation(experiment, { evaluation, classes: Int32Array.from(classes) });
  return evaluation;
}

/**
 * The same behind a defence, with how often the two agree; what the undefended model says is asked only where `evaluateOriginal` does not
 * know it. @throws also StudioError `aborted` where it is replaced meanwhile.
 */
export function evaluateDefended(
  session: Session,
  defended: Pick<Defended, 'defense' | 'labelMap' | 'experiment'>,
  options: EvaluationOptions,
): Promise<Evaluation | null> {
  return measure(session, defended.experiment, defended, options);
}

async function measure(
  session: Session,
  experiment: Experiment,
  defended: Pick<Defended, 'defense' | 'labelMap'> | null,
  { turn, ...options }: EvaluationOptions,
  onClasses?: (start: number, classes: ArrayLike<number>) => void,
): Promise<Evaluation | null> {
  const { dataset } = session.requireDataset();
  if (!dataset.test || experiment.evaluate.testLimit === 0) return null;
  const trigger = await session.triggerFor(experiment);
  const ours = whileItLasts(session, defended, turn);
  const { victim, release } = await ours(() => Promise.resolve(session.holdVictim(experiment.model)));
  try {
    const original = originalOf(victim);
    return await evaluate({
      split: limitSplit(dataset.test, experiment.dataset.test, experiment.seed),
      height: dataset.height,
      width: dataset.width,
      classes: victim.classes,
      predict: defended ? (pixels) => defended.defense.predict(pixels) : original,
      trigger,
      target: experiment.attack?.target ?? 0,
      labelMap: defended?.labelMap ?? null,
      ...(defended
        ? { original, originalClasses: session.rememberedEvaluation(experiment)?.classes ?? null }
        : {}),
      ...(onClasses ? { onClasses } : {}),
      limit: experiment.evaluate.testLimit,
      seed: experiment.seed,
      turn: ours,
      ...options,
    });
  } finally {
    release();
  }
}

/** Turns for as long as the session keeps what is measured: between two of them it may be replaced, and is then gone. */
function whileItLasts(session: Session, defended: Pick<Defended, 'defense'> | null, turn: Turn): Turn {
  const { model } = session;
  return (job) =>
    turn(() => {
      const lasts = session.model === model && (!defended || session.defended?.defense === defended.defense);
      if (lasts) return job();
      throw new StudioError('aborted', 'What was being measured is no longer loaded.');
    });
}
