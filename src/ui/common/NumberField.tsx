import { useId, useState } from 'react';
import { cx } from './cx';
import styles from './NumberInput.module.css';

interface NumberFieldProps {
  /** What tells the field from others: its path. */
  readonly name: string;
  readonly label: string;
  readonly value: number | null;
  /** What was typed and not taken, and why. */
  readonly invalid: { readonly text: string; readonly message: string } | undefined;
  /** What an empty field stands for. */
  readonly emptyMeans?: string;
  readonly unit?: string;
  readonly onType: (text: string) => void;
  /** Escape: the last valid value is wanted back. */
  readonly onReset: () => void;
}

/** A field for a number, wherever the number is kept. */
export function NumberField(props: NumberFieldProps) {
  const { name, label, value, invalid, emptyMeans, unit, onType, onReset } = props;
  const id = useId();
  const [typing, setTyping] = useState<string | null>(null);
  const text = typing ?? invalid?.text ?? (value === null ? '' : String(value));
  return (
    <span className={styles.field}>
      <input
        className={cx(styles.input, invalid && styles.invalid)}
        inputMode="decimal"
        autoComplete="off"
        aria-label={label}
        aria-invalid={invalid !== undefined}
        aria-describedby={invalid ? id : undefined}
        placeholder={emptyMeans}
        value={text}
        onChange={(event) => {
          setTyping(event.target.value);
          onType(event.target.value);
        }}
        onBlur={() => setTyping(null)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setTyping(null);
          onReset();
        }}
        data-path={name}
      />
      {unit !== undefined && <span className={styles.unit}>{unit}</span>}
      {invalid && (
        <span id={id} className={styles.message}>
          {invalid.message}
        </span>
      )}
    </span>
  );
}
