import type { ReactNode } from 'react';
import { cx } from '../common/cx';
import styles from './TrainingColumns.module.css';

interface TrainingColumnsProps {
  readonly settings: ReactNode;
  readonly outcome: ReactNode;
  /** The outcome is short enough to stay in sight while the settings are scrolled through. */
  readonly stays?: boolean;
}

/** A training's settings on one side, on the other its curve and what comes of it. */
export function TrainingColumns({ settings, outcome, stays = false }: TrainingColumnsProps) {
  return (
    <div className={styles.view}>
      <div className={styles.column}>{settings}</div>
      <div className={cx(styles.column, stays && styles.staying)}>{outcome}</div>
    </div>
  );
}

/** Cards of settings, in as many columns as there is room for. */
export function FieldGroups({ children }: { readonly children: ReactNode }) {
  return <div className={styles.groups}>{children}</div>;
}
