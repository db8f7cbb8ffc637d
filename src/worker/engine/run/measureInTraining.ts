import { evaluate } from '../../../compute/analysis/evaluate';
import type { PreparedAttack } from '../../../compute/attacks/attack';
import type { Work } from '../../../compute/device/turn';
import { createVictim, type Victim } from '../../../compute/victim/victim';
import type { BoundNetwork } from '../../../compute/nn/network';
import { limitSplit } from '../../../data/subsets';
import type { StateDict } from '../../../formats/models/stateDict';
import type { Experiment } from '../../../protocol/experiment';
import type { Evaluation } from '../../../protocol/results';
import type { Session } from '../session';

/** A classifier in training: what it is, and its weights as they are now, read inside the GPU queue. */
export interface ClassifierInTraining {
  readonly bound: BoundNetwork;
  readonly state: () => Promise<StateDict>;
}

/**
 * BA of a classifier that the experiment trains, as it is now, and ASR under `trigger`; null where there are no test images or none are
 * wanted. @throws StudioError as `evaluate`.
 */
export async function measureInTraining(
  session: Session,
  experiment: Experiment,
  { bound, state }: ClassifierInTraining,
  trigger: PreparedAttack | null,
  { turn, ...work }: Work & { readonly batchSize: number },
): Promise<Evaluation | null> {
  const { dataset } = session.requireDataset();
  if (!dataset.test || experiment.evaluate.testLimit === 0) return null;
  const victim = await turn(async () => frozen(bound, await state(), experiment));
  try {
    return await evaluate({
      split: limitSplit(dataset.test, experiment.dataset.test, experiment.seed),
      height: dataset.height,
      width: dataset.width,
      classes: victim.classes,
      predict: (pixels) => victim.forwardPixels(pixels).logits,
      trigger,
      target: experiment.attack?.target ?? 0,
      labelMap: null,
      limit: experiment.evaluate.testLimit,
      seed: experiment.seed,
      turn,
      ...work,
    });
  } finally {
    victim.dispose();
  }
}

/** The classifier as others see it, fed as the experiment says; the caller disposes it. */
export function frozen(bound: BoundNetwork, state: StateDict, { model }: Experiment): Victim {
  const { normalization, channelOrder } = model;
  return createVictim(bound, state, { normalization, channelOrder });
}
