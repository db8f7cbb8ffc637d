import styles from './Progress.module.css';

interface ProgressProps {
  readonly label: string;
  readonly done: number;
  /** null: how much there is, is not known. */
  readonly total: number | null;
  readonly thick?: boolean;
}

/** A bar that fills; without a total it only says that something is going on. */
export function Progress({ label, done, total, thick = false }: ProgressProps) {
  const share = total === null || total <= 0 ? null : Math.min(1, Math.max(0, done / total));
  return (
    <div
      className={thick ? styles.thick : styles.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      {...(share === null ? {} : { 'aria-valuenow': Math.round(share * 100) })}
    >
      <div
        className={share === null ? styles.unknown : styles.fill}
        style={share === null ? undefined : { transform: `scaleX(${share})` }}
      />
    </div>
  );
}
