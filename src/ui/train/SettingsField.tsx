import { useState } from 'react';
import { setField, useDraftStore } from '../../state/draftStore';
import { readPath } from '../../state/paths';
import { cx } from '../common/cx';
import { NumberInput, parseNumber } from '../common/NumberInput';
import { WeightsPicker } from '../common/WeightsPicker';
import type { FieldSpec } from './fields';
import inputStyles from '../common/NumberInput.module.css';
import styles from './SettingsView.module.css';

/** One setting with its label, its help and, where it is not valid, the reason. */
export function SettingsField({ spec }: { readonly spec: FieldSpec }) {
  return (
    <div className={styles.field}>
      <span className={styles.label}>
        {spec.label}
        {spec.help !== undefined && <small>{spec.help}</small>}
      </span>
      <Editor spec={spec} />
    </div>
  );
}

function Editor({ spec }: { readonly spec: FieldSpec }) {
  const value = useDraftStore((state) => readPath(state.experiment, spec.path));
  switch (spec.kind) {
    case 'number':
      return (
        <NumberInput
          path={spec.path}
          label={spec.label}
          {...(spec.unit === undefined ? {} : { unit: spec.unit })}
          {...(spec.emptyMeans === undefined ? {} : { emptyMeans: spec.emptyMeans })}
        />
      );
    case 'numbers':
      return <NumbersInput path={spec.path} label={spec.label} />;
    case 'switch':
      return (
        <input
          type="checkbox"
          aria-label={spec.label}
          checked={value === true}
          onChange={(event) => setField(spec.path, event.target.checked)}
        />
      );
    case 'weights':
      return (
        <WeightsPicker
          label={spec.label}
          value={value}
          use={spec.use}
          onChoose={(path) => setField(spec.path, path)}
        />
      );
    case 'choice':
      return (
        <select
          className={styles.select}
          aria-label={spec.label}
          value={String(value)}
          onChange={(event) =>
            setField(
              spec.path,
              spec.options.find((option) => String(option.value) === event.target.value)?.value,
            )
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

function NumbersInput({ path, label }: { readonly path: string; readonly label: string }) {
  const value = useDraftStore((state) => readPath(state.experiment, path));
  const invalid = useDraftStore((state) => state.invalid[path]);
  const [typing, setTyping] = useState<string | null>(null);
  const text = typing ?? invalid?.text ?? (Array.isArray(value) ? value.join(', ') : '');
  return (
    <span className={inputStyles.field}>
      <input
        className={cx(inputStyles.input, invalid && inputStyles.invalid)}
        aria-label={label}
        aria-invalid={invalid !== undefined}
        value={text}
        onChange={(event) => {
          setTyping(event.target.value);
          setField(path, parseNumbers(event.target.value), event.target.value);
        }}
        onBlur={() => setTyping(null)}
      />
      {invalid && <span className={inputStyles.message}>{invalid.message}</span>}
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
