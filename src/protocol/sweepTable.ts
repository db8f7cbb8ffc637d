import type { Rate, RunResults } from './results';
import { type SweepCell, text } from './sweep';

/** A sweep's run with how it ended. */
export interface SweepRow extends Pick<SweepCell, 'id' | 'values'> {
  /** Null where the run failed or is still to come. */
  readonly results: RunResults | null;
  /** Of the victim's own training, where it was trained in this run. */
  readonly victim: RunResults | null;
  readonly failure: string | null;
}

const COLUMNS: readonly { readonly label: string; readonly of: (results: RunResults) => Rate | null }[] = [
  { label: 'BA before', of: ({ before }) => before?.benignAccuracy ?? null },
  { label: 'ASR before', of: ({ before }) => before?.attackSuccessRate ?? null },
  { label: 'BA after', of: ({ after }) => after?.benignAccuracy ?? null },
  { label: 'ASR after', of: ({ after }) => after?.attackSuccessRate ?? null },
  { label: 'lands at map[target]', of: ({ after }) => after?.landsAtMapOfTarget ?? null },
  { label: 'triggered with true label', of: ({ after }) => after?.triggeredTrueLabelAccuracy ?? null },
];

/** The sweep as a Markdown table, every rate with its counts. */
export function sweepTable(rows: readonly SweepRow[]): string {
  const keys = rows[0]?.values.map(({ key }) => key) ?? [];
  const heads = [...keys, ...COLUMNS.map(({ label }) => label), 'steps', 'seconds', 'victim seconds'];
  const lines = rows.map((row) => {
    const { results, victim, failure } = row;
    const values = row.values.map(({ value }) => text(value).replaceAll('|', '\\|'));
    if (!results) return [...values, failure ?? 'to come', ...Array<string>(COLUMNS.length + 2).fill('')];
    return [
      ...values,
      ...COLUMNS.map(({ of }) => percent(of(results))),
      String(results.steps),
      results.trainingSeconds.toFixed(0),
      victim ? victim.trainingSeconds.toFixed(0) : '',
    ];
  });
  return [heads, heads.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** The same as CSV: rates as numbers with their counts apart, empty where the data cannot tell. */
export function sweepCsv(rows: readonly SweepRow[]): string {
  const keys = rows[0]?.values.map(({ key }) => key) ?? [];
  const heads = COLUMNS.flatMap(({ label }) => [label, `${label} count`, `${label} of`]);
  const lines = rows.map(({ id, values, results, victim, failure }) => [
    id,
    ...values.map(({ value }) => text(value)),
    ...COLUMNS.flatMap(({ of }) => {
      const found = results && of(results);
      return found ? [found.rate, found.count, found.of].map(String) : ['', '', ''];
    }),
    results ? String(results.steps) : '',
    results ? String(results.trainingSeconds) : '',
    victim ? String(victim.trainingSeconds) : '',
    failure ?? '',
  ]);
  const table = [['run', ...keys, ...heads, 'steps', 'seconds', 'victim seconds', 'failure'], ...lines];
  return `${table.map((cells) => cells.map(quoted).join(',')).join('\n')}\n`;
}

function percent(rate: Rate | null): string {
  return rate ? `${(100 * rate.rate).toFixed(2)} % (${rate.count} of ${rate.of})` : '';
}

function quoted(cell: string): string {
  return /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}
