import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { TriggerContext } from './attack';

/** An attack's options after checking: every declared key present. */
export interface CheckedOptions {
  /** Value of an option of kind `number` or `integer`. */
  number(key: string): number;
  /** Value of an option of kind `choice`. */
  choice(key: string): string;
  /** Id of the image of an option of kind `image`, or null where none was given. */
  imageId(key: string): string | null;
}

function refuse(kind: string, key: string, reason: string): never {
  throw new StudioError('trigger/invalid', `The option "${key}" of the ${kind} trigger ${reason}.`, {
    subject: `attack.options.${key}`,
  });
}

function checkNumber(kind: string, option: OptionDescriptor, value: unknown): number {
  const { key, minimum = -Infinity, maximum = Infinity } = option;
  if (typeof value !== 'number' || !Number.isFinite(value)) return refuse(kind, key, 'must be a number');
  if (option.kind === 'integer' && !Number.isInteger(value))
    return refuse(kind, key, 'must be a whole number');
  if (value < minimum || value > maximum) {
    return refuse(kind, key, `must lie between ${minimum} and ${maximum}, not ${value}`);
  }
  return value;
}

function checkValue(kind: string, option: OptionDescriptor, value: unknown): number | string | null {
  switch (option.kind) {
    case 'number':
    case 'integer':
      return checkNumber(kind, option, value);
    case 'choice': {
      const choices = option.choices ?? [];
      if (typeof value === 'string' && choices.includes(value)) return value;
      return refuse(kind, option.key, `must be one of ${choices.join(', ')}`);
    }
    case 'image':
      if (value === null || (typeof value === 'string' && value !== '')) return value;
      return refuse(kind, option.key, 'must name an image file, or be null');
    default:
      return option.kind satisfies never;
  }
}

/**
 * Checks what the experiment says of an attack against what the attack declares, and fills in the defaults.
 * @throws StudioError `trigger/invalid` naming the option and the reason.
 */
export function checkOptions(
  kind: string,
  declared: readonly OptionDescriptor[],
  given: Readonly<Record<string, unknown>>,
): CheckedOptions {
  const known = declared.map((option) => option.key);
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) refuse(kind, key, `does not exist; it has ${known.join(', ')}`);
  }
  const values = new Map(
    declared.map((option) => [option.key, checkValue(kind, option, given[option.key] ?? option.default)]),
  );
  return {
    number: (key) => Number(values.get(key)),
    choice: (key) => String(values.get(key)),
    imageId: (key) => {
      const value = values.get(key);
      return typeof value === 'string' ? value : null;
    },
  };
}

/**
 * Checks that the class a trigger sends images to is one of the model's.
 * @throws StudioError `trigger/invalid` naming the target and the number of classes.
 */
export function checkTarget(context: TriggerContext): void {
  const { target, classes } = context;
  if (Number.isInteger(target) && target >= 0 && target < classes) return;
  throw new StudioError(
    'trigger/invalid',
    `The target class ${target} does not exist: the model has ${classes} classes, numbered from 0 to ${classes - 1}.`,
    { subject: 'attack.target' },
  );
}
