import type { ArchitectureDescriptor } from '../protocol/summaries';
import { type VictimTrainingSettings, victimTrainingSchema } from '../protocol/training';

export type RecipeName = 'paper' | 'quick';

/** A recipe for a victim as the page lists it. */
export const RECIPES: readonly {
  readonly name: RecipeName;
  readonly label: string;
  readonly description: string;
}[] = [
  {
    name: 'quick',
    label: 'Quick, on the built-in signs',
    description: 'Width 8, Adam on a one-cycle schedule, 4 epochs of batches of 32: minutes.',
  },
  {
    name: 'paper',
    label: 'Paper recipe',
    description: 'The architecture’s own width and rate, SGD, 150 epochs of batches of 128: hours.',
  },
];

/**
 * What a recipe sets: METHODS 2.1 with the architecture's own learning rate, or what the demo's victim was made with. The
 * attacker of Eq. 10 is no part of a recipe and is kept.
 */
export function recipeFor(
  name: RecipeName,
  { id, learningRate }: Pick<ArchitectureDescriptor, 'id' | 'learningRate'>,
  adaptive: VictimTrainingSettings['adaptive'] = null,
): VictimTrainingSettings {
  if (name === 'paper') {
    return victimTrainingSchema.parse({
      architecture: id,
      optimizer: { kind: 'sgd', learningRate },
      adaptive,
    });
  }
  return victimTrainingSchema.parse({
    architecture: id,
    width: quickWidth(id),
    optimizer: { kind: 'adam', learningRate: 0.003 },
    schedule: { kind: 'onecycle', maxLearningRate: 0.003 },
    augmentation: 'none',
    batchSize: 32,
    epochs: 4,
    adaptive,
  });
}

/** A ViT's width is cut into heads: 8 features a token would be one a head. */
function quickWidth(architecture: string): number {
  return architecture.includes('vit') ? 64 : 8;
}

/** The recipe whose every field this is, the attacker left aside; null for one's own mixture. */
export function recipeOf(
  settings: VictimTrainingSettings,
  architectures: readonly ArchitectureDescriptor[],
): RecipeName | null {
  const known = architectures.find(({ id }) => id === settings.architecture);
  if (!known) return null;
  const written = JSON.stringify(settings);
  const match = RECIPES.find(
    ({ name }) => JSON.stringify(recipeFor(name, known, settings.adaptive)) === written,
  );
  return match?.name ?? null;
}
