import type { Evaluation } from '../../protocol/results';

/** One of the rates of an evaluation. */
export type RateName = {
  [K in keyof Evaluation]: Evaluation[K] extends { readonly rate: number } | null ? K : never;
}[keyof Evaluation];

/** How a rate is called, what it counts, and which way is good. */
export interface RateDefinition {
  readonly name: RateName;
  readonly label: string;
  readonly meaning: string;
  readonly goodIsHigh: boolean;
}

export const DEFINITIONS: Readonly<Record<RateName, RateDefinition>> = {
  benignAccuracy: {
    name: 'benignAccuracy',
    label: 'Benign accuracy',
    meaning:
      'Clean test images whose remapped prediction is their label. A defence should cost little of it.',
    goodIsHigh: true,
  },
  attackSuccessRate: {
    name: 'attackSuccessRate',
    label: 'Attack success rate',
    meaning:
      'Triggered images that end at the target class. Images of the target class itself are left out, or the rate would be too high.',
    goodIsHigh: false,
  },
  triggeredTrueLabelAccuracy: {
    name: 'triggeredTrueLabelAccuracy',
    label: 'Triggered, true label',
    meaning:
      'Triggered images (target class left out) that end at their true label. High only if the trigger has truly lost its power.',
    goodIsHigh: true,
  },
  landsAtMapOfTarget: {
    name: 'landsAtMapOfTarget',
    label: 'Lands at map[target]',
    meaning:
      'Triggered images that end where a live backdoor would end after remapping. Attack success can fall merely because labels were permuted; if this stays low as well, it is a cure. Images of the target and of map[target] are left out.',
    goodIsHigh: false,
  },
  agreementWithOriginal: {
    name: 'agreementWithOriginal',
    label: 'Agreement with the original',
    meaning:
      'Clean images on which the defended model says what the original says. The measure where no labels or no trigger are known.',
    goodIsHigh: true,
  },
};
