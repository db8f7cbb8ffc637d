import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { TriggerContext } from './attack';

/** An attack's options after checking: every declared key present. */
export interface CheckedOptions {
  /** All of them by key. */
  readonly values: Readonly<Record<string, number | string | null>>;
  /** Value of an option of kind `number` or `integer`. */
  number(key: string): number;
  /** Value of an option of kind `choice`. */
  choice(key: string): string;
  /** Id of the image of an option of kind `image`, or null where none was given. */
  imageId(key: string): string | null;
  /** Path of an option of kind `file`, or null where none was given. */
  path(key: string): string | null;
}

/** Images of this side and more get an option's default for large images: the paper's for ImageNet at 224. */
export const LARGE_SIDE = 128;

/** The share of training images that an attack poisons. */
export function rateOption(
  rate: number | { readonly small: number; readonly large: number },
  help = 'Share of all training images that get the trigger and the target’s label; used when a victim is trained.',
): OptionDescriptor {
  return {
    key: 'rate',
    label: 'Poison rate',
    help,
    kind: 'number',
    ...(typeof rate === 'number' ? { default: rate } : { default: null, bySize: rate }),
    minimum: 0,
    maximum: 1,
    training: true,
  };
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
    case 'file':
      if (value === null || (typeof value === 'string' && value !== '')) return value;
      return refuse(kind, option.key, 'must name a model file, or be null');
    default:
      return option.kind satisfies never;
  }
}

/**
 * Checks what the experiment says of an attack against what the attack declares, and fills in the defaults, those for the size
 * of the images among them.
 * @throws StudioError `trigger/invalid` naming the option and the reason.
 */
export function checkOptions(
  kind: string,
  declared: readonly OptionDescriptor[],
  given: Readonly<Record<string, unknown>>,
  size: { readonly height: number; readonly width: number },
): CheckedOptions {
  const known = declared.map((option) => option.key);
  for (const key of Object.keys(given)) {
    if (!known.includes(key)) refuse(kind, key, `does not exist; it has ${known.join(', ')}`);
  }
  const large = Math.min(size.height, size.width) >= LARGE_SIDE;
  const values = Object.fromEntries(
    declared.map((option) => {
      const { key, bySize } = option;
      const fallback = option.default ?? (large ? bySize?.large : bySize?.small) ?? null;
      return [key, checkValue(kind, option, given[key] ?? fallback)];
    }),
  );
  const text = (key: string): string | null => {
    const value = values[key];
    return typeof value === 'string' ? value : null;
  };
  return {
    values,
    number: (key) => Number(values[key]),
    choice: (key) => String(values[key]),
    imageId: text,
    path: text,
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
