import { formatCount, formatPercent } from '../common/format';
import { cx } from '../common/cx';
import styles from './ConfusionTable.module.css';

interface ConfusionTableProps {
  /** Row-major K x K counts: row the true label, column the prediction. */
  readonly counts: readonly number[];
  readonly names: readonly string[];
  readonly tone: 'clean' | 'triggered';
  /** The column to mark: where a working backdoor sends everything. */
  readonly target: number | null;
}

/** So many classes are drawn as a square; more than that as a list of what is confused most. */
const MOST_SQUARE = 24;

/** The confusion matrix as a table that a screen reader can walk. */
export function ConfusionTable(props: ConfusionTableProps) {
  return props.names.length <= MOST_SQUARE ? <Square {...props} /> : <Worst {...props} />;
}

function Square({ counts, names, tone, target }: ConfusionTableProps) {
  const size = names.length;
  return (
    <table className={cx(styles.table, styles[tone])}>
      <caption className="sr-only">Rows are true labels, columns are predictions.</caption>
      <thead>
        <tr>
          <th scope="col" className={styles.corner}>
            predicted →<br />
            true ↓
          </th>
          {names.map((name, column) => (
            <th key={name} scope="col" className={cx(styles.column, column === target && styles.target)}>
              <span>
                {column === target && '▲ '}
                {name}
              </span>
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {names.map((name, row) => {
          const of = sumRow(counts, row, size);
          return (
            <tr key={name}>
              <th scope="row">{name}</th>
              {names.map((predicted, column) => {
                const count = counts[row * size + column] ?? 0;
                const share = of === 0 ? 0 : count / of;
                return (
                  <td
                    key={predicted}
                    className={cx(row === column && styles.diagonal, share > 0.55 && styles.strong)}
                    style={{ '--share': `${Math.round(Math.sqrt(share) * 100)}%` }}
                    title={`${name} taken for ${predicted}: ${formatCount(count)} of ${formatCount(of)} (${formatPercent(share)})`}
                  >
                    {count === 0 ? <span className={styles.zero}>·</span> : formatCount(count)}
                  </td>
                );
              })}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

const LISTED = 15;

function Worst({ counts, names }: ConfusionTableProps) {
  const size = names.length;
  const pairs = counts
    .map((count, index) => ({ count, row: Math.floor(index / size), column: index % size }))
    .filter(({ count, row, column }) => row !== column && count > 0)
    .sort((a, b) => b.count - a.count)
    .slice(0, LISTED);
  return (
    <table className={styles.list}>
      <caption>With {size} classes, those confused most often:</caption>
      <thead>
        <tr>
          <th scope="col">True label</th>
          <th scope="col">Taken for</th>
          <th scope="col">Images</th>
        </tr>
      </thead>
      <tbody>
        {pairs.map(({ count, row, column }) => (
          <tr key={`${row} ${column}`}>
            <td>{names[row]}</td>
            <td>{names[column]}</td>
            <td>
              {formatCount(count)} of {formatCount(sumRow(counts, row, size))}
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function sumRow(counts: readonly number[], row: number, size: number): number {
  return counts.slice(row * size, (row + 1) * size).reduce((sum, count) => sum + count, 0);
}
