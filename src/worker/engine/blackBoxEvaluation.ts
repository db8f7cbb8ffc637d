import type { Predict } from '../../compute/analysis/evaluate';
import {
  type BlackBoxDefense,
  type BlackBoxEvaluation,
  evaluateBlackBox,
  evaluateSurrogate,
} from '../../compute/blackbox/evaluateBlackBox';
import { limitSplit } from '../../data/subsets';
import type { Experiment } from '../../protocol/experiment';
import type { Evaluation } from '../../protocol/results';
import type { HeldBlackBox } from './blackBoxes';
import type { EvaluationOptions } from './evaluation';
import type { Session } from './session';

/**
 * The black box as it is, on the experiment's test images; asked about once under the same conditions. Null where there are none or none
 * are wanted. @throws StudioError as `evaluateBlackBox`.
 */
export async function evaluateBlackBoxOriginal(
  session: Session,
  experiment: Experiment,
  held: HeldBlackBox,
  options: EvaluationOptions,
): Promise<Evaluation | null> {
  const known = await originalOf(session, experiment, held);
  if (known.evaluation !== undefined) return known.evaluation;
  const measured = await whatIsMeasured(session, experiment, options);
  const evaluation = measured && (await evaluateBlackBox(measured, held.box, null, known.clean));
  known.evaluation = evaluation;
  return evaluation;
}

/** The same behind a defence. */
export async function evaluateBlackBoxDefended(
  session: Session,
  experiment: Experiment,
  held: HeldBlackBox,
  options: EvaluationOptions,
  defense: BlackBoxDefense,
): Promise<Evaluation | null> {
  const { clean } = await originalOf(session, experiment, held);
  const measured = await whatIsMeasured(session, experiment, options);
  return measured && evaluateBlackBox(measured, held.box, defense, clean);
}

/** A surrogate on the same images, and how often it says what the black box says. @throws StudioError as `evaluateSurrogate`. */
export async function evaluateSurrogateOf(
  session: Session,
  experiment: Experiment,
  held: HeldBlackBox,
  options: EvaluationOptions,
  predict: Predict,
): Promise<Evaluation | null> {
  const { clean } = await originalOf(session, experiment, held);
  const measured = await whatIsMeasured(session, experiment, options);
  return measured && evaluateSurrogate(measured, predict, held.box, clean);
}

/** What is remembered of the black box under these conditions; it is empty for new ones. */
async function originalOf(
  session: Session,
  experiment: Experiment,
  held: HeldBlackBox,
): Promise<NonNullable<HeldBlackBox['original']>> {
  const key = await conditions(session, experiment);
  if (held.original?.key !== key) held.original = { key, evaluation: undefined, clean: new Map() };
  return held.original;
}

async function whatIsMeasured(
  session: Session,
  experiment: Experiment,
  { batchSize, signal, onProgress, turn }: EvaluationOptions,
): Promise<BlackBoxEvaluation | null> {
  const { dataset } = session.requireDataset();
  if (!dataset.test || experiment.evaluate.testLimit === 0) return null;
  return {
    split: limitSplit(dataset.test, experiment.dataset.test, experiment.seed),
    height: dataset.height,
    width: dataset.width,
    trigger: await session.triggerFor(experiment),
    target: experiment.attack?.target ?? 0,
    batchSize,
    limit: experiment.evaluate.testLimit,
    seed: experiment.seed,
    signal,
    onProgress,
    turn,
  };
}

/** Everything an undefended black box's figures depend on beside itself. */
async function conditions(session: Session, experiment: Experiment): Promise<string> {
  const { attack, dataset, evaluate, seed } = experiment;
  const images = await session.dataset?.fingerprint();
  return JSON.stringify([images, attack, dataset.test, evaluate.testLimit, seed]);
}
