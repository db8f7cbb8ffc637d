import type { SweepCellSummary } from '../../protocol/messages';
import type { Rate, RunResults } from '../../protocol/results';
import { text } from '../../protocol/sweep';
import type { SweepRow } from '../../protocol/sweepTable';
import { useDeviceStore } from '../../state/deviceStore';
import { MATRIX_AXES } from '../../state/matrix';
import { useSweepStore } from '../../state/sweepStore';
import { cx } from '../common/cx';
import { formatDuration, formatPercent, formatRateCounts } from '../common/format';
import styles from './Matrix.module.css';

const COLUMNS: readonly {
  readonly label: string;
  readonly title: string;
  readonly of: (results: RunResults) => Rate | null;
}[] = [
  {
    label: 'BA before',
    title: 'Benign accuracy of the victim',
    of: ({ before }) => before?.benignAccuracy ?? null,
  },
  {
    label: 'ASR before',
    title: 'Attack success on the victim',
    of: ({ before }) => before?.attackSuccessRate ?? null,
  },
  {
    label: 'BA after',
    title: 'Benign accuracy of the defended victim',
    of: ({ after }) => after?.benignAccuracy ?? null,
  },
  {
    label: 'ASR after',
    title: 'Attack success on the defended victim',
    of: ({ after }) => after?.attackSuccessRate ?? null,
  },
  {
    label: 'At map[target]',
    title: 'Triggered images that land at map[target], where a backdoor that still fires would send them',
    of: ({ after }) => after?.landsAtMapOfTarget ?? null,
  },
  {
    label: 'True label',
    title: 'Triggered images that the defended victim gives their true label',
    of: ({ after }) => after?.triggeredTrueLabelAccuracy ?? null,
  },
];

/** Every run with what it gave; those to come keep their place. */
export function MatrixTable() {
  const cells = useSweepStore((state) => state.cells);
  const rows = useSweepStore((state) => state.rows);
  const running = useSweepStore(({ progress }) => (progress?.status === 'running' ? progress.index : null));
  const keys = cells[0]?.values.map(({ key }) => key) ?? [];
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            {keys.map((key) => (
              <th key={key} scope="col">
                {headOf(key)}
              </th>
            ))}
            {COLUMNS.map(({ label, title }) => (
              <th key={label} scope="col" title={title}>
                {label}
              </th>
            ))}
            <th scope="col" title="Training of victim and defence">
              Time
            </th>
          </tr>
        </thead>
        <tbody>
          {cells.map((cell) => (
            <Row
              key={cell.id}
              cell={cell}
              row={rows[cell.id] ?? null}
              running={cell.index === running && rows[cell.id] === undefined}
            />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function headOf(key: string): string {
  if (key === 'attack' || key === 'attack.kind') return 'Attack';
  return MATRIX_AXES.find((axis) => axis.key === key)?.label ?? key;
}

interface RowProps {
  readonly cell: SweepCellSummary;
  readonly row: SweepRow | null;
  readonly running: boolean;
}

function Row({ cell, row, running }: RowProps) {
  const attacks = useDeviceStore((state) => state.attacks);
  const stage = useSweepStore((state) => state.progress?.stage ?? null);
  const name = ({ key, value }: SweepCellSummary['values'][number]) =>
    key.startsWith('attack')
      ? (attacks.find(({ kind }) => kind === text(value))?.label ?? text(value))
      : text(value);
  const [first, ...others] = cell.values;
  const results = row?.results ?? null;
  const seconds = (results?.trainingSeconds ?? 0) + (row?.victim?.trainingSeconds ?? 0);
  return (
    <tr className={cx(running && styles.now)} data-testid="matrix-row">
      <th scope="row">{first ? name(first) : cell.id}</th>
      {others.map((entry) => (
        <td key={entry.key}>{name(entry)}</td>
      ))}
      {results ? (
        <>
          {COLUMNS.map(({ label, of }) => (
            <RateCell key={label} rate={of(results)} />
          ))}
          <td>{formatDuration(seconds)}</td>
        </>
      ) : (
        <td colSpan={COLUMNS.length + 1} className={cx(styles.words, row?.failure != null && styles.failed)}>
          {row?.failure ??
            (running ? (stage === 'defense' ? 'training the defence…' : 'training its victim…') : 'to come')}
        </td>
      )}
    </tr>
  );
}

function RateCell({ rate }: { readonly rate: Rate | null }) {
  return (
    <td>
      {rate === null ? (
        '–'
      ) : (
        <>
          {formatPercent(rate.rate)}
          <small>{formatRateCounts(rate)}</small>
        </>
      )}
    </td>
  );
}
