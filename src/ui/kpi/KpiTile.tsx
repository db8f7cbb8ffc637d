import { useId, useState } from 'react';
import type { Rate } from '../../protocol/results';
import { cx } from '../common/cx';
import { formatPercent, formatPoints, formatRateCounts } from '../common/format';
import type { RateDefinition } from './definitions';
import styles from './KpiTile.module.css';

interface KpiTileProps {
  readonly definition: RateDefinition;
  /** With the defence; null before there is any. */
  readonly now: Rate | null;
  /** Without the defence. */
  readonly before: Rate | null;
  readonly tone: 'clean' | 'triggered' | 'plain';
  readonly large?: boolean;
  readonly testId?: string;
}

/** One rate, large, with what it was, its counts and, on demand, what it means. */
export function KpiTile({ definition, now, before, tone, large = false, testId }: KpiTileProps) {
  const [open, setOpen] = useState(false);
  const id = useId();
  const shown = now ?? before;
  return (
    <div className={cx(styles.tile, styles[tone])} data-testid={testId} data-rate={shown?.rate}>
      <p className={styles.label}>
        {definition.label}
        <button
          type="button"
          className={styles.what}
          aria-expanded={open}
          aria-controls={id}
          aria-label={`What is ${definition.label}?`}
          title={definition.meaning}
          onClick={() => setOpen(!open)}
        >
          ?
        </button>
      </p>
      <p className={styles.figures}>
        <span className={large ? styles.large : styles.value}>
          {shown === null ? '–' : formatPercent(shown.rate)}
        </span>
        <span className={styles.counts}>{shown === null ? 'not measured' : formatRateCounts(shown)}</span>
      </p>
      <p className={styles.before}>
        <Change now={now} before={before} />
      </p>
      {open && (
        <p id={id} className={styles.meaning}>
          {definition.meaning}
        </p>
      )}
    </div>
  );
}

function Change({ now, before }: { readonly now: Rate | null; readonly before: Rate | null }) {
  if (now === null) return before === null ? null : <>without the defence</>;
  if (before === null) return null;
  return (
    <>
      was {formatPercent(before.rate)} <span>({formatPoints(now.rate - before.rate)})</span>
    </>
  );
}
