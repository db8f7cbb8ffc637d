import { useClassNames } from '../../state/classNames';
import { setField, useDraftStore } from '../../state/draftStore';
import { Refusal } from './Refusal';
import styles from './TriggerView.module.css';

/** Where the experiment's attack sends triggered images. */
export function TargetField() {
  const names = useClassNames();
  const target = useDraftStore((state) => state.experiment.attack?.target ?? 0);
  const known = names.length > 0 ? names : [`class ${target}`];
  const outside = names.length > 0 && target >= names.length;
  return (
    <label className={styles.row}>
      <span>
        Target class
        <small>where triggered images are sent</small>
        <Refusal subject="attack.target" />
      </span>
      <select
        className={styles.select}
        value={target}
        onChange={(event) => setField('attack.target', Number(event.target.value))}
        data-testid="trigger-target"
      >
        {known.map((name, index) => (
          <option key={name} value={names.length > 0 ? index : target}>
            {name}
          </option>
        ))}
        {outside && <option value={target}>{`class ${target}, which does not exist`}</option>}
      </select>
    </label>
  );
}
