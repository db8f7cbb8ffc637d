import { type Experiment, recipeDefaults } from '../protocol/experiment';
import type { AttackDescriptor } from '../protocol/summaries';
import type { AttackSettings, VictimTrainingSettings } from '../protocol/experiment';
import { attackAs, defaultOptions } from './labAttack';

/** A second axis of the matrix: a key of the experiment and the values it may take. */
export type MatrixAxis = {
  readonly key: string;
  readonly label: string;
} & (
  | { readonly kind: 'numbers'; readonly whole: boolean; readonly usual: string }
  | {
      readonly kind: 'choices';
      readonly choices: readonly { readonly label: string; readonly value: unknown }[];
    }
);

export const MATRIX_AXES: readonly MatrixAxis[] = [
  {
    key: 'defense.recipe',
    label: 'Recipe of the defence',
    kind: 'choices',
    choices: [
      { label: 'official', value: 'official' },
      { label: 'paper', value: 'paper' },
    ],
  },
  { key: 'defense.firstChannels', label: 'First channels', kind: 'numbers', whole: true, usual: '8, 16' },
  {
    key: 'defense.supconWeight',
    label: 'SupCon weight',
    kind: 'numbers',
    whole: false,
    usual: '0, 0.1, 0.5',
  },
  {
    key: 'defense.mapping',
    label: 'Label map',
    kind: 'choices',
    choices: [
      { label: 'derangement', value: { kind: 'derangement' } },
      { label: 'shift', value: { kind: 'shift' } },
      { label: 'identity', value: { kind: 'identity' } },
    ],
  },
];

/** What of the matrix is chosen. */
export interface MatrixChoice {
  /** Kinds, in the order of the registry; null until somebody chooses: then the experiment's own. */
  readonly attacks: readonly string[] | null;
  /** Key of the second axis; null: none. */
  readonly axis: string | null;
  /** Numbers as typed, for an axis of numbers. */
  readonly text: string;
  /** Labels chosen, for an axis of choices. */
  readonly labels: readonly string[];
}

export const FIRST_CHOICE: MatrixChoice = { attacks: null, axis: null, text: '', labels: [] };

/** The experiment file of a matrix with the number of its runs; or why there is none, in words. */
export type Matrix =
  { readonly file: Readonly<Record<string, unknown>>; readonly count: number } | { readonly problem: string };

export interface MatrixInput {
  readonly experiment: Experiment;
  readonly recipe: VictimTrainingSettings;
  readonly attacks: readonly AttackDescriptor[];
  readonly kept: Readonly<Record<string, AttackSettings['options']>>;
  readonly choice: MatrixChoice;
}

/** The attacks that are chosen. */
export function chosenAttacks({ choice, experiment, attacks }: MatrixInput): readonly AttackDescriptor[] {
  const kinds = choice.attacks ?? (experiment.attack ? [experiment.attack.kind] : []);
  return attacks.filter(({ kind }) => kinds.includes(kind));
}

/**
 * Puts the matrix into an experiment file: a sweep over `attack.kind` where all of them are as they come, over whole attacks where
 * one was set otherwise, times the second axis. Every run trains a victim of its own.
 */
export function buildMatrix(input: MatrixInput): Matrix {
  const { experiment, recipe, kept, choice } = input;
  const attacks = chosenAttacks(input);
  const [first] = attacks;
  if (!first) return { problem: 'Choose at least one attack.' };
  const target = experiment.attack?.target ?? 0;
  const settings = attacks.map((descriptor) => attackAs(descriptor, experiment.attack, kept));
  const plain = attacks.every((descriptor, index) => isDefault(descriptor, settings[index]?.options ?? {}));
  const second = secondAxis(choice);
  if ('problem' in second) return second;
  const axes = [
    plain
      ? { key: 'attack.kind', values: attacks.map(({ kind }) => kind) }
      : { key: 'attack', values: settings },
    ...(second.axis ? [second.axis] : []),
  ];
  const file = {
    ...experiment,
    model: { ...experiment.model, path: null, blackBox: null, train: recipe },
    attack: plain ? { kind: first.kind, target, options: {} } : settings[0],
    defense: choice.axis === 'defense.recipe' ? withoutRecipe(experiment.defense) : experiment.defense,
    sweep: { axes },
  };
  return { file, count: attacks.length * (second.axis?.values.length ?? 1) };
}

/** Whether options say nothing but the defaults. */
function isDefault(descriptor: AttackDescriptor, options: AttackSettings['options']): boolean {
  const defaults: Readonly<Record<string, unknown>> = defaultOptions(descriptor);
  return Object.entries(options).every(([key, value]) => value === null || value === defaults[key]);
}

function secondAxis({
  axis: key,
  text,
  labels,
}: MatrixChoice):
  | { readonly axis: { readonly key: string; readonly values: unknown[] } | null }
  | { readonly problem: string } {
  const axis = MATRIX_AXES.find((candidate) => candidate.key === key);
  if (!axis) return { axis: null };
  if (axis.kind === 'choices') {
    const values = axis.choices.filter(({ label }) => labels.includes(label)).map(({ value }) => value);
    return values.length === 0
      ? { problem: `Choose at least one: ${axis.label}.` }
      : { axis: { key: axis.key, values } };
  }
  const values = [
    ...new Set(
      text
        .split(/[\s,;]+/)
        .filter((part) => part !== '')
        .map(Number),
    ),
  ];
  const wrong = values.some(
    (value) =>
      !(value >= 0) || !Number.isFinite(value) || (axis.whole && (value < 1 || !Number.isInteger(value))),
  );
  if (values.length === 0 || wrong) {
    return {
      problem: `${axis.label}: a list of ${axis.whole ? 'whole numbers above 0' : 'numbers'}, as ${axis.usual}.`,
    };
  }
  return { axis: { key: axis.key, values } };
}

/** A defence without the fields that its recipe decides, so that the recipes of a sweep really differ. */
function withoutRecipe(defense: Experiment['defense']): Partial<Experiment['defense']> {
  const [official, paper] = (['official', 'paper'] as const).map((name) => recipeDefaults(name, 0));
  const decided = (key: string) =>
    JSON.stringify(official?.[key as keyof typeof defense]) !==
    JSON.stringify(paper?.[key as keyof typeof defense]);
  return Object.fromEntries(Object.entries(defense).filter(([key]) => !decided(key)));
}
