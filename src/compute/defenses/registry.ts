import type { RecipeName } from '../../protocol/experiment';
import { RefineTrainer, type RefineTrainingContext } from '../refine/trainer';
import type { Defense } from './defense';
import { refineDefense } from './refineDefense';

const RECIPES: Readonly<Record<RecipeName, string>> = {
  official: 'official recipe',
  paper: 'paper recipe',
};

const refine: Defense<RefineTrainingContext, RefineTrainer> = {
  kind: 'refine',
  label: 'REFINE',
  description: 'Trains a small network in front of the classifier and permutes its labels (ICLR 2025).',
  prepare: (context) => new RefineTrainer(context),
  defend: (trainer) => {
    const { settings, labelMap } = trainer.context;
    const label = `REFINE, ${RECIPES[settings.recipe]}, UNet ${settings.firstChannels}`;
    return refineDefense(trainer.model, labelMap, label);
  },
};

/** Defences by the `kind` of the experiment's `defense`. Adding one is one file and one line here. */
export const DEFENSES = { refine } as const;
