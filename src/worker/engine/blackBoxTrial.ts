import { toUnitFloats } from '../../data/pixels';
import type { Experiment } from '../../protocol/experiment';
import type { BlackBoxTrial } from '../../protocol/messages';
import type { BlackBoxes } from './blackBoxes';
import { strip } from './loadDataset';
import type { Session } from './session';

/**
 * Asks the experiment's black box about the first image that is not trained on. The black box stays open, for what is asked next.
 * @throws StudioError as `BlackBoxes.of` and as the black box.
 */
export async function tryBlackBox(
  session: Session,
  blackBoxes: BlackBoxes,
  experiment: Experiment,
  allowNetwork: boolean,
): Promise<BlackBoxTrial> {
  const began = performance.now();
  const { box } = await blackBoxes.of(experiment, allowNetwork);
  const image = await strip(session.requireDataset().dataset, session.displaySplit(), [0]);
  const confidences = await box.confidences(toUnitFloats(image.pixels), 1);
  return { image, confidences: [...confidences], seconds: (performance.now() - began) / 1000 };
}
