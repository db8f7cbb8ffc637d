import { formatCount } from '../common/format';
import styles from './Chart.module.css';

interface StepValuesProps {
  readonly step: number;
  /** A line each; those without a value at this step are left out. */
  readonly lines: readonly {
    readonly key: string;
    readonly name: string;
    readonly colour: string;
    readonly value: number | null | undefined;
  }[];
  readonly format: (value: number) => string;
}

/** What a chart's lines are at the step under the pointer. */
export function StepValues({ step, lines, format }: StepValuesProps) {
  return (
    <table className={styles.tooltip}>
      <caption>step {formatCount(step)}</caption>
      <tbody>
        {lines.map(({ key, name, colour, value }) =>
          value === null || value === undefined ? null : (
            <tr key={key}>
              <th scope="row">
                <i style={{ background: colour }} />
                {name}
              </th>
              <td>{format(value)}</td>
            </tr>
          ),
        )}
      </tbody>
    </table>
  );
}
