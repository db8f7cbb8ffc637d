import { NumberField } from '../common/NumberField';
import { parseNumber } from '../common/NumberInput';
import { WeightsPicker } from '../common/WeightsPicker';
import type { FieldSpec } from './fieldSpec';
import { NumbersField } from './NumbersField';
import styles from './Fields.module.css';

/** A field's value and how it is changed, wherever it is kept. */
export interface FieldBinding {
  /** Its path in the whole experiment, which tells it from other fields. */
  readonly name: string;
  readonly value: unknown;
  /** What was typed and not taken, and why. */
  readonly invalid: { readonly text: string; readonly message: string } | undefined;
  /** @param text what was typed, which stays in the field where the value is not taken. */
  readonly set: (value: unknown, text?: string) => void;
  /** The last valid value is wanted back. */
  readonly reset: () => void;
}

interface FieldProps {
  readonly spec: FieldSpec;
  readonly binding: FieldBinding;
}

/** One field with its label, its help and, where it is not valid, the reason. */
export function Field({ spec, binding }: FieldProps) {
  return (
    <div className={styles.field}>
      <span className={styles.label}>
        {spec.label}
        {spec.help !== undefined && <small>{spec.help}</small>}
      </span>
      <Editor spec={spec} binding={binding} />
    </div>
  );
}

function Editor({ spec, binding }: FieldProps) {
  const { label } = spec;
  const { name, value, invalid, set, reset } = binding;
  switch (spec.kind) {
    case 'number':
      return (
        <NumberField
          name={name}
          label={label}
          value={typeof value === 'number' ? value : null}
          invalid={invalid}
          {...(spec.unit === undefined ? {} : { unit: spec.unit })}
          {...(spec.emptyMeans === undefined ? {} : { emptyMeans: spec.emptyMeans })}
          onType={(text) => set(parseNumber(text, spec.emptyMeans !== undefined), text)}
          onReset={reset}
        />
      );
    case 'numbers':
      return <NumbersField label={label} binding={binding} />;
    case 'switch':
      return (
        <input
          type="checkbox"
          aria-label={label}
          checked={value === true}
          onChange={(event) => set(event.target.checked)}
        />
      );
    case 'weights':
      return <WeightsPicker label={label} value={value} use={spec.use} onChoose={set} />;
    case 'choice':
      return (
        <select
          className={styles.select}
          aria-label={label}
          value={String(value)}
          onChange={(event) =>
            set(spec.options.find((option) => String(option.value) === event.target.value)?.value)
          }
        >
          {spec.options.map((option) => (
            <option key={option.value} value={String(option.value)}>
              {option.label}
            </option>
          ))}
        </select>
      );
  }
}
