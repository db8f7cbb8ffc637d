import type { KernelTiming } from './measureKernels';
import type { StepProfile } from './profileStep';
import { productText, type BenchReport } from './runBench';
import type { SteadyState } from './steadyState';
import { sizeText } from './stepCost';
import type { CellResult, ColumnResult } from './sweep';
import { tilesText } from './tiles';

/** Rows of cells as a Markdown table; numbers right-aligned from the second column on. Bars in cells are escaped. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  const ruler = `| ${header.map((_, i) => (i === 0 ? '---' : '--:')).join(' | ')} |`;
  return [line(header), ruler, ...rows.map(line)].join('\n');
}

/** Three significant digits without an exponent; "–" for what is not a number. */
export function digits(value: number): string {
  if (!Number.isFinite(value)) return '–';
  if (Math.abs(value) >= 1000) return String(Math.round(value));
  return String(Number(value.toPrecision(3)));
}

/** A report as Markdown: the adapter, then one table a measurement. */
export function reportMarkdown(report: BenchReport): string {
  const { adapter, tiles, matmul, cells, steady, profile, kernels } = report;
  const product = matmul ? `Best product: ${productText(matmul)}.` : '';
  return [
    `${adapter}. Tiles: ${tilesText(tiles)}. ${product}`.trim(),
    ...(cells.length > 0 ? [stepTable(report), lossList(cells), leftOut(cells)] : []),
    ...(steady ? [steadyTable(steady)] : []),
    ...(profile ? [profileTable(profile)] : []),
    ...(kernels.length > 0 ? [kernelTable(kernels)] : []),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

const STEP_HEADER = [
  'UNet × victim × batch',
  'column',
  'ms a step',
  'times ours',
  'first step, ms',
  'GFLOP/s',
  'of best product',
  'dispatches',
  'submits',
  'uploads',
  'peak MB',
  'peak / live',
];

function stepTable({ cells, matmul }: BenchReport): string {
  const rows = cells.flatMap((cell) =>
    cell.columns.map((column) => stepRow(cell, column, matmul?.gflops ?? NaN)),
  );
  return markdownTable(STEP_HEADER, rows);
}

function stepRow(cell: CellResult, column: ColumnResult, best: number): string[] {
  const { channels, width, batch } = cell.size;
  const head = [`${channels} × ${width} × ${batch}`, column.name];
  if (column.status !== 'measured') return [...head, column.status, ...STEP_HEADER.slice(3).map(() => '')];
  const { timing, gflops } = column;
  const { dispatches, submits, uploads } = timing.counts;
  const ours = column.name === 'ours';
  const memory = ours ? cell.memory : null;
  return [
    ...head,
    digits(timing.medianStepMs),
    ours ? '1' : digits(cell.timesOurs[column.name] ?? NaN),
    digits(timing.firstStepMs),
    digits(gflops),
    `${digits((100 * gflops) / best)} %`,
    ...[dispatches, submits, uploads].map(String),
    memory ? digits(memory.peakBytes / 1e6) : '',
    memory ? digits(memory.peakOverLive) : '',
  ];
}

function lossList(cells: readonly CellResult[]): string {
  const text = (values: readonly number[]): string => values.map((value) => value.toPrecision(7)).join(', ');
  return cells
    .flatMap(({ size, losses }) =>
      losses.map(({ name, ours, theirs, relativeDifference }) => {
        const totals = (steps: typeof ours): string => text(steps.map(([total]) => total));
        const head = `- ${size.channels} × ${size.width} × ${size.batch}, losses of the first ${ours.length} steps`;
        return `${head}: ours ${totals(ours)}; ${name} ${totals(theirs)}; apart by ${relativeDifference.toExponential(1)} at most.`;
      }),
    )
    .join('\n');
}

function leftOut(cells: readonly CellResult[]): string {
  return cells
    .flatMap(({ size, columns }) =>
      columns.flatMap((column) =>
        column.status === 'measured'
          ? []
          : [
              `- ${size.channels} × ${size.width} × ${size.batch}, ${column.name}: ${column.status}, ${column.reason}.`,
            ],
      ),
    )
    .join('\n');
}

function steadyTable({ rows, peakBytes, peakLiveBytes, peakOverLive, planning, flat }: SteadyState): string {
  const table = markdownTable(
    ['step', 'tensors', 'live MB', 'buffers, MB', 'buffers created', 'pipelines'],
    rows.map((row) => [
      String(row.step),
      String(row.tensors),
      digits(row.liveBytes / 1e6),
      digits(row.bufferBytes / 1e6),
      String(row.buffersCreated),
      String(row.pipelines),
    ]),
  );
  const peak = `Peak ${digits(peakBytes / 1e6)} MB of buffers for ${digits(peakLiveBytes / 1e6)} MB of live tensors at most: ${digits(peakOverLive)} times.`;
  const plan = planning.kind === 'unplanned' ? ` Not planned: ${planning.reason}.` : '';
  return `${table}\n\n${peak}${plan} ${flat ? 'Flat from the second row on.' : 'Not flat.'}`;
}

function profileTable({ size, rows, sumMs, stepMs }: StepProfile): string {
  const table = markdownTable(
    ['kernel', 'calls', 'ms', 'share'],
    rows.map((row) => [row.kernel, String(row.calls), digits(row.ms), `${digits(100 * row.share)} %`]),
  );
  return `${sizeText(size)}. A step takes ${digits(stepMs)} ms; its dispatches, each sent alone, ${digits(sumMs)} ms.\n\n${table}`;
}

function kernelTable(rows: readonly KernelTiming[]): string {
  return markdownTable(
    ['kernel', 'shape', 'stock, ms', 'ours, ms', 'ratio', 'GFLOP/s', 'GB/s'],
    rows.map((row) => [
      row.kernel,
      row.shape,
      digits(row.stockMs),
      digits(row.oursMs),
      digits(row.ratio),
      row.gflops > 0 ? digits(row.gflops) : '',
      digits(row.gigabytesPerSecond),
    ]),
  );
}
