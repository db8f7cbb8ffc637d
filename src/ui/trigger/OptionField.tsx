import { useRef } from 'react';
import type { OptionDescriptor } from '../../protocol/summaries';
import { setField, useDraftStore } from '../../state/draftStore';
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

/** A model file, by the name it is loaded under; empty: none. */
function FileOption({ option, path, value }: { option: OptionDescriptor; path: string; value: unknown }) {
  return (
    <input
      className={styles.select}
      aria-label={option.label}
      placeholder="none"
      value={typeof value === 'string' ? value : ''}
      onChange={(event) => setField(path, event.target.value === '' ? null : event.target.value)}
    />
  );
}

function ImageOption({ option, value }: { readonly option: OptionDescriptor; readonly value: unknown }) {
  const { setTriggerImage } = useCommands();
  const input = useRef<HTMLInputElement>(null);
  const names = useTriggerStore((state) => state.imageNames);
  const name =
    typeof value === 'string' ? (names[value] ?? 'an image of an earlier visit') : 'drawn by the studio';
  return (
    <span
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        const file = event.dataTransfer.files[0];
        if (!file) return;
        event.preventDefault();
        event.stopPropagation();
        void setTriggerImage(option.key, { path: file.name, blob: file });
      }}
    >
      <input
        ref={input}
        type="file"
        accept="image/png,image/jpeg"
        hidden
        aria-label={option.label}
        onChange={(event) => {
          const file = event.target.files?.[0];
          if (file) void setTriggerImage(option.key, { path: file.name, blob: file });
          event.target.value = '';
        }}
      />
      <Button small onClick={() => input.current?.click()}>
        Choose an image
      </Button>
      <small>{name}; or drop one here</small>
    </span>
  );
}
