import {
  type Experiment,
  type RefineSettings,
  parseExperiment,
  recipeDefaults,
} from '../protocol/experiment';

export type PresetName = 'demo' | 'official' | 'paper';

/** A preset as the page lists it. */
export interface Preset {
  readonly name: PresetName;
  readonly label: string;
  readonly description: string;
}

export const PRESETS: readonly Preset[] = [
  {
    name: 'demo',
    label: 'Demo',
    description: 'A small transform and a short one-cycle schedule with Adam: 200 steps of 64 images.',
  },
  {
    name: 'official',
    label: 'Official code',
    description:
      'What the published code does, quirks and all: 150 epochs of 256 images, two augmented views.',
  },
  {
    name: 'paper',
    label: 'Paper',
    description: 'Equations 5 to 8 as written: pixels in, normalised pixels out, one view.',
  },
];

/** The defence a preset stands for: every field. The label map stays the person's own. */
export function presetDefense(name: PresetName, seed: number, mapping: RefineSettings['mapping']) {
  if (name !== 'demo') return { ...recipeDefaults(name, seed), mapping };
  return {
    ...recipeDefaults('paper', seed),
    mapping,
    firstChannels: 8,
    optimizer: {
      kind: 'adam',
      learningRate: 0.01,
      beta1: 0.9,
      beta2: 0.999,
      epsilon: 1e-8,
      weightDecay: 0,
    },
    schedule: { kind: 'onecycle', maxLearningRate: 0.01, pctStart: 0.3, divFactor: 25, finalDivFactor: 1e4 },
    batchSize: 64,
    maxSteps: 200,
  } satisfies RefineSettings;
}

/** The preset whose every field the defence has, the label map left aside; null for one's own mixture. */
export function presetOf(defense: RefineSettings, seed: number): PresetName | null {
  const written = JSON.stringify(sorted(defense));
  const match = PRESETS.find(
    ({ name }) => JSON.stringify(sorted(presetDefense(name, seed, defense.mapping))) === written,
  );
  return match?.name ?? null;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  );
}

/** The paths a draft has until files are loaded; they are never shown and never leave the page. */
export const NO_FILE = 'not-loaded';

/** The experiment a fresh page starts from. */
export function freshExperiment(): Experiment {
  return parseExperiment({
    version: 1,
    name: 'untitled run',
    model: { path: NO_FILE },
    dataset: { path: NO_FILE },
    defense: { kind: 'refine', recipe: 'official' },
  });
}
