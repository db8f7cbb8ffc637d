import type { Loading } from '../../state/loading';
import { Button } from './Button';
import { formatCount } from './format';
import styles from './LoadingLine.module.css';
import { Progress } from './Progress';

interface LoadingLineProps {
  readonly loading: Loading;
  /** What is being done: "Reading". */
  readonly verb: string;
  onCancel?: () => void;
}

/** What a panel says while it waits, and after it failed; nothing otherwise. */
export function LoadingLine({ loading, verb, onCancel }: LoadingLineProps) {
  if (loading.kind === 'idle') return null;
  if (loading.kind === 'failed') {
    return (
      <p className={styles.failed} role="alert">
        {loading.error.message}
      </p>
    );
  }
  const { progress, subject } = loading;
  const counts =
    progress === null || progress.total === null
      ? ''
      : ` · ${formatCount(progress.done)} of ${formatCount(progress.total)}`;
  return (
    <div className={styles.loading}>
      <div className={styles.text} role="status">
        {verb} {subject ?? ''}
        <span className={styles.note}>
          {progress?.note ?? ''}
          {counts}
        </span>
      </div>
      <Progress label={verb} done={progress?.done ?? 0} total={progress?.total ?? null} />
      {onCancel && (
        <Button small onClick={onCancel}>
          Cancel
        </Button>
      )}
    </div>
  );
}
