import type { AttackSettings, Experiment } from '../protocol/experiment';
import type { AttackDescriptor } from '../protocol/summaries';

/** An attack with every default that does not depend on the images. */
export function defaultOptions({ options }: AttackDescriptor): AttackSettings['options'] {
  return Object.fromEntries(
    options.filter((option) => option.default !== null).map((option) => [option.key, option.default]),
  );
}

/** The attack as it would be if it were chosen: the experiment's own, as it was last set, or by its defaults. */
export function attackAs(
  descriptor: AttackDescriptor,
  current: AttackSettings | null,
  kept: Readonly<Record<string, AttackSettings['options']>>,
): AttackSettings {
  const { kind } = descriptor;
  if (current?.kind === kind) return current;
  return { kind, target: current?.target ?? 0, options: kept[kind] ?? defaultOptions(descriptor) };
}

/** All that the pictures of an attack depend on, but the images: options that only training looks at change nothing. */
export function previewKey(
  descriptor: AttackDescriptor,
  attack: AttackSettings,
  { seed, model }: Experiment,
): string {
  const training = new Set(descriptor.options.filter((option) => option.training).map(({ key }) => key));
  const shown = Object.entries(attack.options)
    .filter(([key]) => !training.has(key))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([attack.kind, attack.target, shown, seed, model.normalization]);
}

/** All that a poisoning depends on, but the images. */
export function planKey({ attack, seed, dataset, model }: Experiment): string {
  return JSON.stringify([attack, seed, dataset.train, model.normalization]);
}
