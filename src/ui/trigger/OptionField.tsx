import type { OptionDescriptor } from '../../protocol/summaries';
import { setField, useDraftStore } from '../../state/draftStore';
import { readPath } from '../../state/paths';
import { useTriggerStore } from '../../state/triggerStore';
import { useCommands } from '../common/CommandsContext';
import { FilePicker } from '../common/FilePicker';
import { NumberInput } from '../common/NumberInput';
import { WeightsPicker } from '../common/WeightsPicker';
import { Refusal } from './Refusal';
import styles from './TriggerView.module.css';

/** One option of an attack, edited as its descriptor says. */
export function OptionField({ option }: { readonly option: OptionDescriptor }) {
  const path = `attack.options.${option.key}`;
  return (
    <div className={styles.row}>
      <span>
        {option.label}
        <small>{option.help}</small>
        <Refusal subject={path} />
      </span>
      <Editor option={option} path={path} />
    </div>
  );
}

function Editor({ option, path }: { readonly option: OptionDescriptor; readonly path: string }) {
  const value = useDraftStore((state) => readPath(state.experiment, path)) ?? option.default;
  if (option.kind === 'choice') {
    return (
      <select
        className={styles.select}
        aria-label={option.label}
        value={typeof value === 'string' ? value : ''}
        onChange={(event) => setField(path, event.target.value)}
      >
        {option.choices?.map((choice) => (
          <option key={choice}>{choice}</option>
        ))}
      </select>
    );
  }
  if (option.kind === 'image') return <ImageOption option={option} value={value} />;
  if (option.kind === 'file') {
    const choose = (chosen: string | null) => setField(path, chosen);
    return <WeightsPicker label={option.label} value={value} use="surrogate" onChoose={choose} />;
  }
  return (
    <NumberInput
      path={path}
      label={option.label}
      {...(option.minimum === undefined ? {} : { minimum: option.minimum })}
      {...(option.maximum === undefined ? {} : { maximum: option.maximum })}
      {...(typeof option.default === 'number' ? { fallback: option.default } : {})}
      {...(option.bySize ? { emptyMeans: `${option.bySize.small} or ${option.bySize.large}` } : {})}
      whole={option.kind === 'integer'}
    />
  );
}

function ImageOption({ option, value }: { readonly option: OptionDescriptor; readonly value: unknown }) {
  const { setTriggerImage } = useCommands();
  const names = useTriggerStore((state) => state.imageNames);
  const name =
    typeof value === 'string' ? (names[value] ?? 'an image of an earlier visit') : 'none of your own';
  return (
    <FilePicker
      label={option.label}
      accept="image/png,image/jpeg"
      words="Choose an image"
      note={`${name}; or drop one here`}
      onFile={(file) => void setTriggerImage(option.key, { path: file.name, blob: file })}
    />
  );
}
