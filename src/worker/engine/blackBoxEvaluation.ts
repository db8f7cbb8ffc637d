import {
  type BlackBoxDefense,
  type CleanAnswers,
  evaluateBlackBox,
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
  const key = await conditions(session, experiment);
  if (held.original?.key === key) return held.original.evaluation;
  const clean: CleanAnswers = new Map();
  const evaluation = await measure(session, experiment, held, options, null, clean);
  held.original = { key, evaluation, clean };
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
  const known = held.original?.key === (await conditions(session, experiment)) ? held.original.clean : null;
  return measure(session, experiment, held, options, defense, known ?? new Map<number, Int32Array>());
}

async function measure(
  session: Session,
  experiment: Experiment,
  { box }: HeldBlackBox,
  { batchSize, signal, onProgress, turn }: EvaluationOptions,
  defense: BlackBoxDefense | null,
  clean: CleanAnswers,
): Promise<Evaluation | null> {
  const { dataset } = session.requireDataset();
  if (!dataset.test || experiment.evaluate.testLimit === 0) return null;
  const options = {
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
  return evaluateBlackBox(options, box, defense, clean);
}

/** Everything an undefended black box's figures depend on beside itself. */
async function conditions(session: Session, experiment: Experiment): Promise<string> {
  const { attack, dataset, evaluate, seed } = experiment;
  const images = await session.dataset?.fingerprint();
  return JSON.stringify([images, attack, dataset.test, evaluate.testLimit, seed]);
}
