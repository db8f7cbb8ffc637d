import { useDraftStore } from '../../state/draftStore';
import { useModelStore } from '../../state/modelStore';
import { type NamedWeights, useWeightsStore, weightsProblem } from '../../state/weightsStore';
import { useCommands } from './CommandsContext';
import { FilePicker } from './FilePicker';
import styles from './WeightsPicker.module.css';

interface WeightsPickerProps {
  readonly label: string;
  readonly value: unknown;
  readonly use: NamedWeights['use'];
  readonly onChoose: (path: string | null) => void;
}

/** A file of weights: none, one that is open already, or one chosen or dropped here; says at once where it cannot serve. */
export function WeightsPicker({ label, value, use, onChoose }: WeightsPickerProps) {
  const { openWeights } = useCommands();
  const loaded = useModelStore((state) => state.summary?.fileName ?? null);
  const files = useWeightsStore((state) => state.files);
  const firstChannels = useDraftStore((state) => state.experiment.defense.firstChannels);
  const current = typeof value === 'string' ? value : null;
  const offered = Object.values(files)
    .filter((file) => (file.firstChannels !== null) === (use === 'transform'))
    .map(({ path }) => path);
  const model = use === 'transform' ? null : loaded;
  const known = [...new Set([model, ...offered, current])].filter((name) => name !== null);
  const problem =
    current === null ? null : weightsProblem({ path: current, use }, files, loaded, firstChannels);
  const open = async (file: File): Promise<void> => {
    const opened = await openWeights({ path: file.name, blob: file });
    if (opened !== null) onChoose(opened.path);
  };
  return (
    <span className={styles.stack}>
      <select
        className={styles.select}
        aria-label={label}
        aria-invalid={problem !== null}
        value={current ?? ''}
        onChange={(event) => onChoose(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">none</option>
        {known.map((name) => (
          <option key={name} value={name}>
            {name === model ? `the loaded model, ${name}` : name}
          </option>
        ))}
      </select>
      <FilePicker
        label={`File: ${label}`}
        accept=".pth,.pt,.safetensors"
        words="Choose a file"
        onFile={(file) => void open(file)}
      />
      {problem !== null && (
        <small className={styles.problem} role="alert">
          {problem}
        </small>
      )}
    </span>
  );
}
