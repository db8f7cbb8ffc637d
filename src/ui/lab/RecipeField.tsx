import { resetRecipeField, setRecipeField, useLabStore, useRecipe } from '../../state/labStore';
import { readPath } from '../../state/paths';
import { NumberField } from '../common/NumberField';
import { parseNumber } from '../common/NumberInput';
import { WeightsPicker } from '../common/WeightsPicker';
import type { FieldSpec } from '../train/fields';
import { parseNumbers } from '../train/SettingsField';
import fieldStyles from '../train/SettingsView.module.css';

/** One field of the victim's recipe; its path is that within `model.train`. */
export function RecipeField({ spec }: { readonly spec: FieldSpec }) {
  return (
    <div className={fieldStyles.field}>
      <span className={fieldStyles.label}>
        {spec.label}
        {spec.help !== undefined && <small>{spec.help}</small>}
      </span>
      <Editor spec={spec} />
    </div>
  );
}

function Editor({ spec }: { readonly spec: FieldSpec }) {
  const { path, label } = spec;
  const value = readPath(useRecipe(), path);
  const invalid = useLabStore((state) => state.invalid[path]);
  switch (spec.kind) {
    case 'number':
      return (
        <NumberField
          name={`model.train.${path}`}
          label={label}
          value={typeof value === 'number' ? value : null}
          invalid={invalid}
          {...(spec.unit === undefined ? {} : { unit: spec.unit })}
          {...(spec.emptyMeans === undefined ? {} : { emptyMeans: spec.emptyMeans })}
          onType={(text) => setRecipeField(path, parseNumber(text, spec.emptyMeans !== undefined), text)}
          onReset={() => resetRecipeField(path)}
        />
      );
    case 'numbers':
      return (
        <span>
          <input
            className={fieldStyles.text}
            aria-label={label}
            aria-invalid={invalid !== undefined}
            defaultValue={Array.isArray(value) ? value.join(', ') : ''}
            onChange={(event) => setRecipeField(path, parseNumbers(event.target.value), event.target.value)}
          />
          {invalid && <small role="alert">{invalid.message}</small>}
        </span>
      );
    case 'switch':
      return (
        <input
          type="checkbox"
          aria-label={label}
          checked={value === true}
          onChange={(event) => setRecipeField(path, event.target.checked)}
        />
      );
    case 'weights':
      return (
        <WeightsPicker
          label={label}
          value={value}
          use={spec.use}
          onChoose={(chosen) => setRecipeField(path, chosen)}
        />
      );
    case 'choice':
      return (
        <select
          className={fieldStyles.select}
          aria-label={label}
          value={String(value)}
          onChange={(event) => setRecipeField(path, event.target.value)}
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
