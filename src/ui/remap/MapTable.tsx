import { useClassNames } from '../../state/classNames';
import { useDraftStore } from '../../state/draftStore';
import { chooseLabel } from '../../state/mapStore';
import { cx } from '../common/cx';
import styles from './MapTable.module.css';

/** Every output of the model with the label it stands for; choosing another label exchanges the two. */
export function MapTable({ map }: { readonly map: readonly number[] }) {
  const names = useClassNames();
  const target = useDraftStore((state) => state.experiment.attack?.target ?? null);
  const nameOf = (index: number) => names[index] ?? `class ${index}`;
  return (
    <>
      <ol className={styles.list}>
        {map.map((label, index) => (
          <li key={index} className={cx(styles.row, label === index && styles.fixed)}>
            <span className={styles.from}>
              <span className={styles.number}>{index}</span>
              {nameOf(index)}
              {index === target && <b className={styles.target}>target</b>}
            </span>
            <span className={styles.arrow} aria-hidden="true">
              →
            </span>
            <select
              className={styles.label}
              aria-label={`Label that ${nameOf(index)} stands for`}
              value={label}
              onChange={(event) => chooseLabel(index, Number(event.target.value))}
              data-testid={`remap-label-${index}`}
            >
              {map.map((_, other) => (
                <option key={other} value={other}>
                  {nameOf(other)}
                </option>
              ))}
            </select>
            {label === index && <span className={styles.flag}>fixed</span>}
          </li>
        ))}
      </ol>
      <p className={styles.array}>
        <span>As an array</span>
        <code data-testid="remap-array">[{map.join(', ')}]</code>
      </p>
    </>
  );
}
