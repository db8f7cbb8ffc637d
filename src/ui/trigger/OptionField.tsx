import { useRef } from 'react';
import type { OptionDescriptor } from '../../protocol/summaries';
import { setField, useDraftStore } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { readPath } from '../../state/paths';
import { useTriggerStore } from '../../state/triggerStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { NumberInput } from '../common/NumberInput';
import styles from './TriggerView.module.css';

/** One option of an attack, edited as its descriptor says. */
export function OptionField({ option }: { readonly option: OptionDescriptor }) {
  const path = `attack.options.${option.key}`;
  return (
    <div className={styles.row}>
      <span>
        {option.label}
        <small>{option.help}</small>
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
  if (option.kind === 'file') return <FileOption option={option} path={path} value={value} />;
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

/** A model file: none, the model that is loaded, or one chosen or dropped here. */
function FileOption({ option, path, value }: { option: OptionDescriptor; path: string; value: unknown }) {
  const { setAttackFile } = useCommands();
  const loaded = useModelStore((state) => state.summary?.fileName ?? null);
  const current = typeof value === 'string' ? value : null;
  const known = [...new Set([loaded, current])].filter((name) => name !== null);
  return (
    <span className={styles.stack}>
      <select
        className={styles.select}
        aria-label={option.label}
        value={current ?? ''}
        onChange={(event) => setField(path, event.target.value === '' ? null : event.target.value)}
      >
        <option value="">none</option>
        {known.map((name) => (
          <option key={name} value={name}>
            {name === loaded ? `the loaded model, ${name}` : name}
          </option>
        ))}
      </select>
      <FilePicker
        label={`File: ${option.label}`}
        accept=".pth,.pt,.safetensors"
        words="Choose a file"
        onFile={(file) => void setAttackFile(option.key, { path: file.name, blob: file })}
      />
    </span>
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

interface FilePickerProps {
  readonly label: string;
  readonly accept: string;
  readonly words: string;
  readonly note?: string;
  readonly onFile: (file: File) => void;
}

/** A button for one file, which can be dropped on it too. */
function FilePicker({ label, accept, words, note, onFile }: FilePickerProps) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <span
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        const file = event.dataTransfer.files[0];
        if (!file) return;
        event.preventDefault();
        event.stopPropagation();
        onFile(file);
      }}
    >
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={label}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) onFile(file);
          event.target.value = '';
        }}
      />
      <Button small onClick={() => input.current?.click()}>
        {words}
      </Button>
      {note !== undefined && <small>{note}</small>}
    </span>
  );
}
