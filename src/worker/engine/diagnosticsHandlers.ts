import { reportMarkdown } from '../../compute/bench/markdown';
import { productText, runBench, type BenchReport } from '../../compute/bench/runBench';
import type { CellResult, ColumnResult } from '../../compute/bench/sweep';
import { openDevice } from '../../compute/device/device';
import { setTileChoice } from '../../compute/kernels/tuning/choice';
import type { BenchAsked, BenchResult, BenchStepRow, KernelReport } from '../../protocol/diagnostics';
import { StudioError } from '../../protocol/errors';
import type { RequestName } from '../../protocol/messages';
import type { Handlers, RequestContext } from '../rpc';
import { type EngineContext, memory } from './engine';
import type { EngineDevice } from './engineDevice';

type Names = Extract<RequestName, `diagnostics/${string}`>;

/** Limits that kernels run into. */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupStorageSize',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupsPerDimension',
] as const;
const MAX_SIZES = 64;

/** What the diagnostics panel shows and measures. */
export function diagnosticsHandlers(engine: EngineContext): Pick<Handlers, Names> {
  const { queue, runs } = engine;
  return {
    'diagnostics/memory': () => memory(),
    async 'diagnostics/kernels'() {
      return { ...kernelReport(await engine.device()), step: runs.lastStep };
    },
    async 'diagnostics/bench'(asked, context) {
      checkAsked(asked);
      runs.reserve('measuring', 'A benchmark');
      const signal = engine.cancellable();
      try {
        const device = await engine.device();
        const began = performance.now();
        const report = await queue.run(
          () => device.aside(() => measure(asked, device, engine.gpu, context, signal)),
          signal,
        );
        return resultOf(report, (performance.now() - began) / 1000);
      } finally {
        runs.release();
      }
    },
  };
}

function kernelReport({ kernels, tuning, open }: EngineDevice): Omit<KernelReport, 'step'> {
  const { choice, source, dropped, times } = tuning;
  return {
    active: [...kernels.active],
    disabled: [...kernels.disabled],
    tiles: {
      chosen: Object.entries(choice.tiles).map(([shapes, tile]) => ({
        shapes,
        tile,
        ms: times[shapes as keyof typeof choice.tiles]?.[tile] ?? null,
      })),
      source,
      precision: choice.precision,
      subgroups: choice.subgroups,
      dropped: [...dropped],
    },
    limits: LIMITS.map((name) => ({ name, value: open.device.limits[name] })),
  };
}

function checkAsked({ sizes, steps, budgetSeconds }: BenchAsked): void {
  const numbers = [
    steps,
    budgetSeconds,
    ...sizes.flatMap(({ channels, width, batch }) => [channels, width, batch]),
  ];
  const whole = numbers.every((value) => Number.isInteger(value) && value > 0);
  if (whole && sizes.length > 0 && sizes.length <= MAX_SIZES) return;
  throw new StudioError(
    'experiment/invalid',
    `A benchmark needs one to ${MAX_SIZES} sizes, and whole numbers above 0 for sizes, steps and seconds.`,
    { subject: 'sizes' },
  );
}

/** On devices of its own, with the tiles that the engine's device runs. */
function measure(
  { kind, sizes, steps, budgetSeconds }: BenchAsked,
  { tuning }: EngineDevice,
  gpu: GPU | undefined,
  { progress }: RequestContext,
  signal: AbortSignal,
): Promise<BenchReport> {
  let counted: readonly [done: number, total: number | null] = [0, null];
  return runBench(
    {
      mode: kind === 'steps' ? 'sweep' : 'kernels',
      sizes,
      steps,
      budgetSeconds,
      stock: true,
      unplanned: false,
      only: '',
    },
    {
      async openFresh() {
        const open = await openDevice({ gpu });
        setTileChoice(open.backend, tuning.choice);
        return open;
      },
      peers: [],
      signal,
      progress: (done, total) => (counted = [done, total]),
      say: (line) => progress(...counted, line.trim()),
    },
  );
}

function resultOf(report: BenchReport, seconds: number): BenchResult {
  const { adapter, matmul, cells, kernels } = report;
  return {
    adapter,
    at: new Date().toISOString(),
    seconds,
    bestProduct: matmul && productText(matmul),
    steps: cells.flatMap((cell) =>
      cell.columns.map((column) => stepRow(cell, column, matmul?.gflops ?? null)),
    ),
    kernels: [...kernels],
    markdown: reportMarkdown(report),
  };
}

const UNMEASURED = {
  stepMs: null,
  timesOurs: null,
  firstStepMs: null,
  gflops: null,
  shareOfBest: null,
  dispatches: null,
  submits: null,
  uploads: null,
  peakBytes: null,
};

function stepRow(cell: CellResult, column: ColumnResult, best: number | null): BenchStepRow {
  const { size } = cell;
  const { name, status } = column;
  if (column.status !== 'measured')
    return { size, column: name, status, reason: column.reason, ...UNMEASURED };
  const { timing, gflops } = column;
  const { dispatches, submits, uploads } = timing.counts;
  const ours = name === 'ours';
  return {
    size,
    column: name,
    status,
    reason: null,
    stepMs: timing.medianStepMs,
    timesOurs: ours ? 1 : (cell.timesOurs[name] ?? null),
    firstStepMs: timing.firstStepMs,
    gflops,
    shareOfBest: best === null ? null : gflops / best,
    dispatches,
    submits,
    uploads,
    peakBytes: ours ? (cell.memory?.peakBytes ?? null) : null,
  };
}
