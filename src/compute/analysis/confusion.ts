import { rate, type Rate } from '../../protocol/results';

/** Row-major K x K counts: row = true label, column = prediction in the person's labels. */
export type Confusion = Int32Array;

/** The three rates that tell a cure from a mere renaming of labels (DESIGN, "Honest metrics"). */
export interface AttackRates {
  readonly attackSuccessRate: Rate;
  readonly landsAtMapOfTarget: Rate;
  readonly triggeredTrueLabelAccuracy: Rate;
}

/** Counts, over the rows that `row` takes, the images and those whose prediction `hit` takes. */
function share(
  confusion: Confusion,
  classes: number,
  row: (label: number) => boolean,
  hit: (prediction: number, label: number) => boolean,
): Rate {
  let count = 0;
  let of = 0;
  for (let label = 0; label < classes; label++) {
    if (!row(label)) continue;
    for (let prediction = 0; prediction < classes; prediction++) {
      const images = confusion[label * classes + prediction] ?? 0;
      of += images;
      if (hit(prediction, label)) count += images;
    }
  }
  return rate(count, of);
}

/** Images on the diagonal, of all. */
export function accuracyOf(confusion: Confusion, classes: number): Rate {
  return share(
    confusion,
    classes,
    () => true,
    (prediction, label) => prediction === label,
  );
}

/**
 * The rates of triggered images.
 * @param mapOfTarget the label that the victim's class `target` stands for: where a live backdoor would land.
 */
export function attackRates(
  triggered: Confusion,
  classes: number,
  target: number,
  mapOfTarget: number,
): AttackRates {
  const notTarget = (label: number) => label !== target;
  return {
    attackSuccessRate: share(triggered, classes, notTarget, (prediction) => prediction === target),
    landsAtMapOfTarget: share(
      triggered,
      classes,
      (label) => label !== target && label !== mapOfTarget,
      (prediction) => prediction === mapOfTarget,
    ),
    triggeredTrueLabelAccuracy: share(
      triggered,
      classes,
      notTarget,
      (prediction, label) => prediction === label,
    ),
  };
}
