import type { DatasetSummary } from '../../protocol/summaries';
import { formatCount } from '../common/format';
import styles from './ClassBars.module.css';

/** Images of each class, as bars with their counts. */
export function ClassBars({ summary }: { readonly summary: DatasetSummary }) {
  const { classNames, trainPerClass, testPerClass } = summary;
  if (trainPerClass === null) {
    return <p className={styles.none}>The images carry no labels, so there is nothing to count by class.</p>;
  }
  const most = Math.max(1, ...trainPerClass);
  return (
    <div className={styles.scroll} tabIndex={classNames.length > 12 ? 0 : undefined}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Class</th>
            <td />
            <th scope="col">Train</th>
            {testPerClass && <th scope="col">Test</th>}
          </tr>
        </thead>
        <tbody>
          {classNames.map((name, index) => (
            <tr key={name}>
              <th scope="row">{name}</th>
              <td className={styles.bar}>
                <i style={{ inlineSize: `${((trainPerClass[index] ?? 0) / most) * 100}%` }} />
              </td>
              <td>{formatCount(trainPerClass[index] ?? 0)}</td>
              {testPerClass && <td>{formatCount(testPerClass[index] ?? 0)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
