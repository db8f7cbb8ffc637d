import type { StoredRun } from '../../protocol/messages';
import { flatten } from '../../state/paths';
import { useRunsStore } from '../../state/runsStore';
import { Card } from '../common/Card';
import { Empty } from '../common/Empty';
import styles from './CompareView.module.css';

/** What is set differently in the two chosen runs. */
export function ConfigDiff() {
  const chosen = useRunsStore((state) => state.chosen);
  const details = useRunsStore((state) => state.details);
  const [first, second] = chosen.map((id) => details[id]);
  return (
    <Card title="What is different" note="in the settings of two runs">
      {first && second ? (
        <Differences first={first} second={second} />
      ) : (
        <Empty title={chosen.length === 1 ? 'Choose one more run' : 'Choose two runs'}>
          Tick two runs above to see where their settings part.
        </Empty>
      )}
    </Card>
  );
}

/** Settings of two runs that are not the same, by path; a setting that one lacks reads "absent". */
export function differences(
  first: StoredRun['experiment'],
  second: StoredRun['experiment'],
): readonly { readonly path: string; readonly first: string; readonly second: string }[] {
  const one = flatten(first);
  const other = flatten(second);
  return [...new Set([...one.keys(), ...other.keys()])]
    .map((path) => ({ path, first: one.get(path) ?? 'absent', second: other.get(path) ?? 'absent' }))
    .filter((row) => row.first !== row.second);
}

function Differences({ first, second }: { readonly first: StoredRun; readonly second: StoredRun }) {
  const rows = differences(first.experiment, second.experiment);
  if (rows.length === 0) return <p>Nothing: both runs have the same settings.</p>;
  return (
    <div className={styles.scroll}>
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Setting</th>
            <th scope="col">{first.name}</th>
            <th scope="col">{second.name}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.path}>
              <th scope="row">
                <code>{row.path}</code>
              </th>
              <td>{row.first}</td>
              <td>{row.second}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
