import type { BlackBoxResults, Evaluation, RunResults } from '../src/protocol/results';

const ROWS: readonly (readonly [keyof Evaluation, string])[] = [
  ['benignAccuracy', 'benign accuracy'],
  ['attackSuccessRate', 'attack success rate'],
  ['landsAtMapOfTarget', 'triggered, lands at map[target]'],
  ['triggeredTrueLabelAccuracy', 'triggered, true label'],
  ['agreementWithOriginal', 'agreement with the original'],
];

/** The before/after table as text, every rate with its counts. */
export function resultTable(results: Pick<RunResults, 'before' | 'after'>): string {
  const lines = ROWS.flatMap(([key, label]) => {
    const before = cell(results.before?.[key]);
    const after = cell(results.after?.[key]);
    return before === '' && after === ''
      ? []
      : [`${label.padEnd(32)} ${before.padStart(24)} ${after.padStart(24)}`];
  });
  return [`${''.padEnd(32)} ${'before'.padStart(24)} ${'after'.padStart(24)}`, ...lines].join('\n');
}

const COLUMNS: readonly (readonly [keyof BlackBoxResults, string])[] = [
  ['original', 'black box'],
  ['surrogate', 'surrogate'],
  ['surrogateDefended', 'surrogate + REFINE'],
  ['defended', 'black box + REFINE'],
];

/** The four pairs of Table 11 as text, every rate with its counts. */
export function blackBoxTable(results: BlackBoxResults): string {
  const line = (first: string, cells: readonly string[]) =>
    [first.padEnd(22), ...cells.map((text) => text.padStart(22))].join(' ');
  return [
    line('', ['BA', 'ASR']),
    ...COLUMNS.map(([key, label]) =>
      line(label, [cell(results[key]?.benignAccuracy), cell(results[key]?.attackSuccessRate)]),
    ),
  ].join('\n');
}

function cell(value: Evaluation[keyof Evaluation] | undefined): string {
  if (!value || !('rate' in value)) return '';
  const { rate, count, of } = value;
  return `${(100 * rate).toFixed(2)} % (${count} of ${of})`;
}
