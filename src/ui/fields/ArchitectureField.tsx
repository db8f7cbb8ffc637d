import type { ArchitectureDescriptor } from '../../protocol/summaries';
import { useDeviceStore } from '../../state/deviceStore';
import styles from './Fields.module.css';

interface ArchitectureFieldProps {
  readonly chosen: string;
  readonly testId: string;
  readonly onChoose: (architecture: ArchitectureDescriptor) => void;
}

/** The architectures that can be trained here; one of an experiment file that is none of them stays, and stays shown. */
export function ArchitectureField({ chosen, testId, onChoose }: ArchitectureFieldProps) {
  const architectures = useDeviceStore((state) => state.architectures);
  const known = architectures.some(({ id }) => id === chosen);
  return (
    <label className={styles.stacked}>
      <span>Architecture</span>
      <select
        className={styles.select}
        value={chosen}
        onChange={(event) => {
          const next = architectures.find(({ id }) => id === event.target.value);
          if (next) onChoose(next);
        }}
        data-testid={testId}
      >
        {!known && <option value={chosen}>{chosen}</option>}
        {architectures.map(({ id, label }) => (
          <option key={id} value={id}>
            {label}
          </option>
        ))}
      </select>
    </label>
  );
}
