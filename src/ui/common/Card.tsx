import { type ReactNode, useId } from 'react';
import styles from './Card.module.css';
import { cx } from './cx';

interface CardProps {
  readonly title: string;
  /** What the figures are about: units, counts, the step. */
  readonly note?: ReactNode;
  /** Controls at the right of the title. */
  readonly actions?: ReactNode;
  readonly className?: string | undefined;
  readonly testId?: string;
  readonly children: ReactNode;
}

/** A panel: a region with a heading. Its body fills what height it is given. */
export function Card({ title, note, actions, className, testId, children }: CardProps) {
  const id = useId();
  return (
    <section className={cx(styles.card, className)} aria-labelledby={id} data-testid={testId}>
      <header className={styles.head}>
        <h2 id={id} className={styles.title}>
          {title}
        </h2>
        {note !== undefined && <span className={styles.note}>{note}</span>}
        {actions !== undefined && <div className={styles.actions}>{actions}</div>}
      </header>
      <div className={styles.body}>{children}</div>
    </section>
  );
}
