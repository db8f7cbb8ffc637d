import styles from './Fields.module.css';

interface KindFieldProps<T extends string> {
  readonly label: string;
  readonly value: T;
  readonly options: readonly (readonly [T, string])[];
  readonly onChange: (kind: T) => void;
}

/** A choice that decides which fields follow it. */
export function KindField<T extends string>({ label, value, options, onChange }: KindFieldProps<T>) {
  return (
    <label className={styles.field}>
      <span className={styles.label}>{label}</span>
      <select
        className={styles.select}
        value={value}
        onChange={(event) => {
          const chosen = options.find(([kind]) => kind === event.target.value);
          if (chosen) onChange(chosen[0]);
        }}
      >
        {options.map(([kind, name]) => (
          <option key={kind} value={kind}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

export const OPTIMIZERS = [
  ['sgd', 'SGD'],
  ['adam', 'Adam'],
  ['adamw', 'AdamW'],
] as const;

export const SCHEDULES = [
  ['multistep', 'multi-step'],
  ['onecycle', 'one-cycle'],
  ['cosine', 'cosine'],
  ['constant', 'constant'],
] as const;
