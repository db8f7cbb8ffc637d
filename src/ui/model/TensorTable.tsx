import { useMemo, useState } from 'react';
import type { TensorStatistics } from '../../protocol/summaries';
import { useModelStore } from '../../state/modelStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { cx } from '../common/cx';
import { formatCount, formatPercent } from '../common/format';
import { LoadingLine } from '../common/LoadingLine';
import tableStyles from './Table.module.css';
import styles from './TensorTable.module.css';

/** Rows drawn at most; more are found with the filter. */
const SHOWN = 300;

type Column = 'name' | 'dtype' | 'count' | 'min' | 'max' | 'mean' | 'std' | 'zeroShare' | 'bad';

const COLUMNS: readonly { readonly id: Column; readonly title: string; readonly number: boolean }[] = [
  { id: 'name', title: 'Tensor', number: false },
  { id: 'dtype', title: 'Type', number: false },
  { id: 'count', title: 'Shape', number: false },
  { id: 'min', title: 'Min', number: true },
  { id: 'max', title: 'Max', number: true },
  { id: 'mean', title: 'Mean', number: true },
  { id: 'std', title: 'Std', number: true },
  { id: 'zeroShare', title: 'Zeros', number: true },
  { id: 'bad', title: 'NaN / Inf', number: true },
];

interface Order {
  readonly by: Column;
  readonly descending: boolean;
}

/** Every tensor of the model's file with its statistics, worked out when asked for; sortable, filtered by name. */
export function TensorTable() {
  const { readTensors } = useCommands();
  const tensors = useModelStore((state) => state.tensors);
  const reading = useModelStore((state) => state.readingTensors);
  if (tensors === null)
    return (
      <>
        <Button small disabled={reading.kind === 'loading'} onClick={() => void readTensors()}>
          Work out the statistics
        </Button>
        <LoadingLine loading={reading} verb="Reading" />
      </>
    );
  return <Statistics tensors={tensors} />;
}

function Statistics({ tensors }: { readonly tensors: readonly TensorStatistics[] }) {
  const [filter, setFilter] = useState('');
  const [order, setOrder] = useState<Order | null>(null);
  const found = useMemo(() => arrange(tensors, filter, order), [tensors, filter, order]);
  return (
    <>
      <div className={styles.tools}>
        <input
          type="search"
          aria-label="Filter tensors by name"
          placeholder="Filter by name"
          value={filter}
          onChange={(event) => setFilter(event.target.value)}
        />
        <span role="status">
          {formatCount(found.length)} of {formatCount(tensors.length)}
          {found.length > SHOWN && `, the first ${SHOWN} shown`}
        </span>
      </div>
      <div className={tableStyles.scroll}>
        <table className={cx(tableStyles.table, styles.tensors)}>
          <thead>
            <tr>
              {COLUMNS.map((column) => (
                <Heading key={column.id} column={column} order={order} onOrder={setOrder} />
              ))}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, SHOWN).map((tensor) => (
              <Row key={tensor.name} tensor={tensor} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

interface HeadingProps {
  readonly column: (typeof COLUMNS)[number];
  readonly order: Order | null;
  readonly onOrder: (order: Order | null) => void;
}

/** Ascending, descending, then the file's own order again. */
function Heading({ column, order, onOrder }: HeadingProps) {
  const active = order?.by === column.id ? order : null;
  const next =
    active === null
      ? { by: column.id, descending: false }
      : active.descending
        ? null
        : { ...active, descending: true };
  const sorted = active === null ? 'none' : active.descending ? 'descending' : 'ascending';
  return (
    <th scope="col" aria-sort={sorted} className={column.number ? tableStyles.number : undefined}>
      <button type="button" onClick={() => onOrder(next)}>
        {column.title}
        <span aria-hidden="true">{active === null ? '' : active.descending ? ' ↓' : ' ↑'}</span>
      </button>
    </th>
  );
}

function Row({ tensor }: { readonly tensor: TensorStatistics }) {
  const bad = tensor.notNumbers + tensor.infinite;
  return (
    <tr>
      <th scope="row">
        <code>{tensor.name}</code>
      </th>
      <td>{tensor.dtype}</td>
      <td>{tensor.shape.length === 0 ? 'scalar' : tensor.shape.join(' × ')}</td>
      <td className={tableStyles.number}>{short(tensor.min)}</td>
      <td className={tableStyles.number}>{short(tensor.max)}</td>
      <td className={tableStyles.number}>{short(tensor.mean)}</td>
      <td className={tableStyles.number}>{short(tensor.std)}</td>
      <td className={tableStyles.number}>{formatPercent(tensor.zeroShare)}</td>
      <td className={bad > 0 ? styles.bad : tableStyles.number}>
        {formatCount(tensor.notNumbers)} / {formatCount(tensor.infinite)}
      </td>
    </tr>
  );
}

/** Four significant digits, whatever the size; a dash for no value. */
function short(value: number | null): string {
  if (value === null) return '–';
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const size = Math.abs(value);
  return size >= 1e-3 && size < 1e5 ? String(Number(value.toPrecision(4))) : value.toExponential(2);
}

function arrange(
  tensors: readonly TensorStatistics[],
  filter: string,
  order: Order | null,
): readonly TensorStatistics[] {
  const wanted = filter.trim().toLowerCase();
  const found = wanted === '' ? tensors : tensors.filter(({ name }) => name.toLowerCase().includes(wanted));
  if (order === null) return found;
  const sign = order.descending ? -1 : 1;
  return [...found].sort((a, b) => sign * compare(keyOf(a, order.by), keyOf(b, order.by)));
}

function keyOf(tensor: TensorStatistics, by: Column): string | number {
  if (by === 'bad') return tensor.notNumbers + tensor.infinite;
  return tensor[by] ?? -Infinity;
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'string' && typeof b === 'string') return a.localeCompare(b, 'en', { numeric: true });
  return a < b ? -1 : a > b ? 1 : 0;
}
