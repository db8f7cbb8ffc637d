import { useId, useState } from 'react';
import { cx } from '../common/cx';
import { parseNumber } from '../common/NumberInput';
import inputStyles from '../common/NumberInput.module.css';
import type { FieldBinding } from './Field';

interface NumbersFieldProps {
  readonly label: string;
  readonly binding: FieldBinding;
}

/** A list of numbers, typed with commas or blanks between them; Escape brings the last valid one back. */
export function NumbersField({ label, binding: { name, value, invalid, set, reset } }: NumbersFieldProps) {
  const id = useId();
  const [typing, setTyping] = useState<string | null>(null);
  const text = typing ?? invalid?.text ?? (Array.isArray(value) ? value.join(', ') : '');
  return (
    <span className={inputStyles.field}>
      <input
        className={cx(inputStyles.input, invalid && inputStyles.invalid)}
        autoComplete="off"
        aria-label={label}
        aria-invalid={invalid !== undefined}
        aria-describedby={invalid ? id : undefined}
        value={text}
        onChange={(event) => {
          setTyping(event.target.value);
          set(parseNumbers(event.target.value), event.target.value);
        }}
        onBlur={() => setTyping(null)}
        onKeyDown={(event) => {
          if (event.key !== 'Escape') return;
          setTyping(null);
          reset();
        }}
        data-path={name}
      />
      {invalid && (
        <span id={id} className={inputStyles.message}>
          {invalid.message}
        </span>
      )}
    </span>
  );
}

/** "100, 130" as a list; what is no number stays text, for the schema to refuse. */
export function parseNumbers(text: string): (number | string | null)[] {
  return text
    .split(/[\s,;]+/)
    .filter((part) => part !== '')
    .map((part) => parseNumber(part, false));
}
