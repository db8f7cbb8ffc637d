import { refuseField, resetField, setField, useDraftStore } from '../../state/draftStore';
import { readPath } from '../../state/paths';
import { NumberField } from './NumberField';

interface NumberInputProps {
  /** Where in the experiment. */
  readonly path: string;
  readonly label: string;
  /** What an empty field stands for; without it an empty field is not valid. */
  readonly emptyMeans?: string;
  readonly unit?: string;
  /** What is shown where the experiment has no value of its own. */
  readonly fallback?: number;
  /** Bounds that the schema does not know, such as an attack's. */
  readonly minimum?: number;
  readonly maximum?: number;
  readonly whole?: boolean;
}

/**
 * A number of the experiment. What is typed is taken as soon as it is valid; what is not stays in the field with the
 * reason below it, and the experiment keeps its last valid value, which Escape brings back.
 */
export function NumberInput(props: NumberInputProps) {
  const { path, label, emptyMeans, unit, fallback } = props;
  const value = useDraftStore((state) => readPath(state.experiment, path)) ?? fallback;
  const invalid = useDraftStore((state) => state.invalid[path]);
  return (
    <NumberField
      name={path}
      label={label}
      value={typeof value === 'number' ? value : null}
      invalid={invalid}
      {...(emptyMeans === undefined ? {} : { emptyMeans })}
      {...(unit === undefined ? {} : { unit })}
      onType={(text) => take(text, props)}
      onReset={() => resetField(path)}
    />
  );
}

function take(text: string, { path, emptyMeans, minimum, maximum, whole }: NumberInputProps): void {
  const value = parseNumber(text, emptyMeans !== undefined);
  const bounded = minimum !== undefined || maximum !== undefined || whole === true;
  const problem = bounded && value !== null ? outOfBounds(value, { minimum, maximum, whole }) : null;
  if (problem === null) setField(path, value, text);
  else refuseField(path, text, problem);
}

interface Bounds {
  readonly minimum: number | undefined;
  readonly maximum: number | undefined;
  readonly whole: boolean | undefined;
}

/** What is wrong with a value whose bounds a descriptor gives; null when nothing is. */
export function outOfBounds(
  value: number | string | null,
  { minimum, maximum, whole }: Bounds,
): string | null {
  if (typeof value !== 'number') return 'Must be a number.';
  if (whole === true && !Number.isInteger(value)) return 'Must be a whole number.';
  if (minimum !== undefined && value < minimum) return `Must be at least ${minimum}.`;
  if (maximum !== undefined && value > maximum) return `Must be at most ${maximum}.`;
  return null;
}

/** The number a text stands for; the text itself where it is none, so that the schema can say what it wants. */
export function parseNumber(text: string, emptyIsNull: boolean): number | string | null {
  const plain = text.trim().replace('−', '-');
  if (plain === '') return emptyIsNull ? null : text;
  const number = Number(plain);
  return Number.isFinite(number) ? number : text;
}
