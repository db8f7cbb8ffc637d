import { create } from 'zustand';
import type { WireError } from '../protocol/errors';
import type { AttackSettings } from '../protocol/experiment';
import type { PoisoningSummary } from '../protocol/summaries';
import { type VictimTrainingSettings, victimTrainingSchema } from '../protocol/training';
import { setField, useDraftStore } from './draftStore';
import { explainIssues } from './explainIssues';
import { IDLE, type Loading } from './loading';
import { type MatrixChoice, FIRST_CHOICE } from './matrix';
import { writePath } from './paths';
import { recipeFor } from './recipes';

/** The parts of the attack lab. */
export const LAB_PARTS = ['gallery', 'poisoning', 'train', 'matrix'] as const;
export type LabPart = (typeof LAB_PARTS)[number];

/** What the gallery knows of one attack's pictures; the pictures are in `imageShelf` under `lab/`. */
export interface AttackPreview {
  /** The settings that the pictures show or that were refused, as `previewKey` writes them. */
  readonly key: string;
  /** Why there are no pictures of these settings; those before stay on the shelf. */
  readonly refused: WireError | null;
}

interface LabState {
  readonly part: LabPart;
  /** The victim to train, while the experiment does not name one itself. */
  readonly recipe: VictimTrainingSettings;
  /** By dotted path: what was typed into the recipe and could not be taken. */
  readonly invalid: Readonly<Record<string, { readonly text: string; readonly message: string }>>;
  /** What each attack was set to when it was last the experiment's. */
  readonly kept: Readonly<Record<string, AttackSettings['options']>>;
  readonly previews: Readonly<Record<string, AttackPreview>>;
  /** The attack whose pictures are being drawn. */
  readonly drawing: string | null;
  /** Which images the experiment's attack changes. */
  readonly plan: PoisoningSummary | null;
  readonly planLoading: Loading;
  /** The settings that `plan` is of, or that were refused. */
  readonly planKey: string | null;
  readonly matrix: MatrixChoice;
}

/** The attack lab: what is looked at and what is set; the victim under way is in `victimStore`, the matrix in `sweepStore`. */
export const useLabStore = create<LabState>()(() => ({
  part: 'gallery',
  recipe: recipeFor('quick', { id: 'resnet18', learningRate: 0.1 }),
  invalid: {},
  kept: {},
  previews: {},
  drawing: null,
  plan: null,
  planLoading: IDLE,
  planKey: null,
  matrix: FIRST_CHOICE,
}));

/** Forgets what was shown of other images. */
export function clearLabPictures(): void {
  useLabStore.setState({ previews: {}, plan: null, planKey: null, planLoading: IDLE });
}

/** The recipe as it is now: the experiment's own where it names one. */
export function recipeNow(): VictimTrainingSettings {
  return useDraftStore.getState().experiment.model.train ?? useLabStore.getState().recipe;
}

/** As `recipeNow`, for components. */
export function useRecipe(): VictimTrainingSettings {
  const own = useLabStore((state) => state.recipe);
  return useDraftStore((state) => state.experiment.model.train) ?? own;
}

/** Replaces the whole recipe by a valid one. */
export function setRecipe(recipe: VictimTrainingSettings): void {
  useLabStore.setState({ invalid: {} });
  keep(recipe);
}

/** Writes one field of the recipe. One that would not be valid is marked, its text kept, and the recipe stays as it was. */
export function setRecipeField(path: string, value: unknown, text = String(value)): void {
  const parsed = victimTrainingSchema.safeParse(writePath(recipeNow(), path, value));
  useLabStore.setState(({ invalid }) => {
    const others = Object.entries(invalid).filter(([key]) => key !== path && !key.startsWith(`${path}.`));
    return {
      invalid: {
        ...Object.fromEntries(others),
        ...(parsed.success ? {} : { [path]: { text, message: explainIssues(parsed.error, path) } }),
      },
    };
  });
  if (parsed.success) keep(parsed.data);
}

/** Takes back what was typed into a field of the recipe. */
export function resetRecipeField(path: string): void {
  useLabStore.setState(({ invalid }) => ({
    invalid: Object.fromEntries(Object.entries(invalid).filter(([key]) => key !== path)),
  }));
}

/** One place at a time: the experiment's `model.train` where it has one, the lab's own otherwise. */
function keep(recipe: VictimTrainingSettings): void {
  useLabStore.setState({ recipe });
  if (useDraftStore.getState().experiment.model.train !== null) setField('model.train', recipe);
}
