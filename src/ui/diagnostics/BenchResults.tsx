import type { BenchKernelRow, BenchStepRow } from '../../protocol/diagnostics';
import { useDiagnosticsStore } from '../../state/diagnosticsStore';
import { Button } from '../common/Button';
import { useCommands } from '../common/CommandsContext';
import { formatBytes, formatCount, formatDuration, formatMoment, formatPercent } from '../common/format';
import styles from './Diagnostics.module.css';

/** The last benchmark's tables. */
export function BenchResults() {
  const { copyBench } = useCommands();
  const result = useDiagnosticsStore((state) => state.result);
  if (result === null) return null;
  const { adapter, at, seconds, bestProduct, steps, kernels } = result;
  return (
    <div className={styles.results} data-testid="bench-results">
      <p className={styles.line}>
        {adapter} · {formatMoment(at)} · took {formatDuration(seconds)}
        {bestProduct !== null && <> · best product {bestProduct}</>}
        <span className={styles.copies}>
          <Button small onClick={() => void copyBench('markdown')}>
            Copy as Markdown
          </Button>
          <Button small onClick={() => void copyBench('json')}>
            Copy as JSON
          </Button>
        </span>
      </p>
      <div className={styles.scroll}>
        {steps.length > 0 && <StepTable rows={steps} />}
        {kernels.length > 0 && <KernelTable rows={kernels} />}
      </div>
    </div>
  );
}

const STEP_HEAD = [
  'UNet × victim × batch',
  'Column',
  'ms a step',
  'Times ours',
  'First step, ms',
  'GFLOP/s',
  'Of best',
  'Dispatches',
  'Submits',
  'Uploads',
  'Peak',
] as const;

function StepTable({ rows }: { readonly rows: readonly BenchStepRow[] }) {
  return (
    <table className={styles.table}>
      <Head names={STEP_HEAD} />
      <tbody>
        {rows.map((row) => {
          const { size, column, reason } = row;
          const name = `${size.channels} × ${size.width} × ${size.batch}`;
          return (
            <tr key={`${name} ${column}`} data-testid="bench-row">
              <th scope="row">{name}</th>
              <td>{column}</td>
              {reason === null ? (
                <Numbers {...row} />
              ) : (
                <td colSpan={STEP_HEAD.length - 2} className={styles.words}>
                  {row.status}: {reason}
                </td>
              )}
            </tr>
          );
        })}
      </tbody>
    </table>
  );
}

function Numbers(row: BenchStepRow) {
  const cells = [
    digits(row.stepMs),
    row.timesOurs === null ? '–' : `${digits(row.timesOurs)}×`,
    digits(row.firstStepMs),
    digits(row.gflops),
    row.shareOfBest === null ? '–' : formatPercent(row.shareOfBest, 0),
    ...[row.dispatches, row.submits, row.uploads].map((count) => (count === null ? '–' : formatCount(count))),
    row.peakBytes === null ? '–' : formatBytes(row.peakBytes),
  ];
  return cells.map((cell, index) => <td key={STEP_HEAD[index + 2]}>{cell}</td>);
}

const KERNEL_HEAD = ['Kernel', 'Shape', 'Stock, ms', 'Ours, ms', 'Ratio', 'GFLOP/s', 'GB/s'] as const;

function KernelTable({ rows }: { readonly rows: readonly BenchKernelRow[] }) {
  return (
    <table className={styles.table}>
      <Head names={KERNEL_HEAD} />
      <tbody>
        {rows.map(({ kernel, shape, stockMs, oursMs, ratio, gflops, gigabytesPerSecond }) => (
          <tr key={`${kernel} ${shape}`} data-testid="bench-row">
            <th scope="row">{kernel}</th>
            <td>{shape}</td>
            <td>{digits(stockMs)}</td>
            <td>{digits(oursMs)}</td>
            <td>{digits(ratio)}×</td>
            <td>{gflops > 0 ? digits(gflops) : ''}</td>
            <td>{digits(gigabytesPerSecond)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function Head({ names }: { readonly names: readonly string[] }) {
  return (
    <thead>
      <tr>
        {names.map((name) => (
          <th key={name} scope="col">
            {name}
          </th>
        ))}
      </tr>
    </thead>
  );
}

/** Three significant digits. */
function digits(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  return Math.abs(value) >= 1000 ? formatCount(value) : String(Number(value.toPrecision(3)));
}
