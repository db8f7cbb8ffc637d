import { evaluate } from '../../compute/analysis/evaluate';
import { limitSplit } from '../../data/subsets';
import type { Experiment } from '../../protocol/experiment';
import type { Evaluation } from '../../protocol/results';
import type { Defended } from './defended';
import { originalOf, type Session } from './session';

/** How an evaluation reports on itself and is called off. */
export interface EvaluationOptions {
  readonly batchSize: number;
  readonly signal: AbortSignal;
  readonly onProgress: (done: number, total: number) => void;
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
  if (known !== undefined) return known;
  const made = await measure(session, experiment, null, options);
  session.rememberEvaluation(experiment, made);
  return made;
}

/** The same behind a defence, with how often the two agree. */
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
  { batchSize, signal, onProgress }: EvaluationOptions,
): Promise<Evaluation | null> {
  const { dataset } = session.requireDataset();
  if (!dataset.test || experiment.evaluate.testLimit === 0) return null;
  const victim = session.victimFor(experiment.model);
  const original = originalOf(victim);
  return evaluate({
    split: limitSplit(dataset.test, experiment.dataset.test, experiment.seed),
    height: dataset.height,
    width: dataset.width,
    classes: victim.classes,
    predict: defended ? (pixels) => defended.defense.predict(pixels) : original,
    trigger: await session.triggerFor(experiment),
    target: experiment.attack?.target ?? 0,
    labelMap: defended?.labelMap ?? null,
    ...(defended ? { original } : {}),
    batchSize,
    limit: experiment.evaluate.testLimit,
    seed: experiment.seed,
    signal,
    onProgress,
  });
}
