import { cx } from '../common/cx';
import styles from './PresetCards.module.css';

interface PresetCardsProps<T extends string> {
  /** What they are presets of; also what their test ids begin with. */
  readonly name: 'preset' | 'recipe';
  readonly legend: string;
  readonly presets: readonly { readonly name: T; readonly label: string; readonly description: string }[];
  /** Null where the settings are no preset's. */
  readonly current: T | null;
  readonly disabled?: boolean;
  readonly onChoose: (name: T) => void;
}

/** Presets that set everything at once, each with what it is for. */
export function PresetCards<T extends string>(props: PresetCardsProps<T>) {
  const { name, legend, presets, current, disabled = false, onChoose } = props;
  return (
    <fieldset className={styles.presets}>
      <legend className="sr-only">{legend}</legend>
      {presets.map((preset) => (
        <label key={preset.name} className={cx(styles.preset, preset.name === current && styles.chosen)}>
          <input
            type="radio"
            name={name}
            checked={preset.name === current}
            disabled={disabled}
            onChange={() => onChoose(preset.name)}
            data-testid={`${name}-${preset.name}`}
          />
          <span>
            <b>{preset.label}</b>
            <small>{preset.description}</small>
          </span>
        </label>
      ))}
    </fieldset>
  );
}
