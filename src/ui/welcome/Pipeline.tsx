import { Fragment } from 'react';
import { cx } from '../common/cx';
import { Icon } from '../common/Icon';
import styles from './Pipeline.module.css';

const PARTS = [
  { name: 'Image', note: 'clean or triggered', kind: 'data' },
  { name: 'Transform', note: 'trained here, yours to take', kind: 'made' },
  { name: 'Your model', note: 'frozen, as it came', kind: 'given' },
  { name: 'Label map', note: 'permutes what outputs mean', kind: 'made' },
  { name: 'Label', note: 'without the backdoor', kind: 'data' },
] as const;

/** How a defended model works, from image to label. */
export function Pipeline() {
  return (
    <ol className={styles.line} aria-label="How a defended model works">
      {PARTS.map(({ name, note, kind }, index) => (
        <Fragment key={name}>
          {index > 0 && (
            <li className={styles.arrow} aria-hidden="true">
              <Icon name="arrow" />
            </li>
          )}
          <li className={cx(styles.part, styles[kind])}>
            <b>
              {kind === 'given' && <Icon name="lock" size={13} />}
              {name}
            </b>
            <small>{note}</small>
          </li>
        </Fragment>
      ))}
    </ol>
  );
}
