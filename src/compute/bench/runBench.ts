import type { OpenDevice } from '../device/device';
import { tileChoice, type TileChoice } from '../kernels/tuning/choice';
import { kernelCases } from './kernelCases';
import { measureKernels, type KernelTiming } from './measureKernels';
import { better, matmulRate, type MatmulRate } from './matmulRate';
import type { StepSize } from './stepCost';
import { sizeText } from './stepCost';
import { profileStep, type StepProfile } from './profileStep';
import { steadyState, type SteadyState } from './steadyState';
import { throwIfStopped } from './stopped';
import { measureCell, RateEstimates, type CellResult, type PeerColumn } from './sweep';
import { tilesText } from './tiles';

/** What is to be measured; the command line and the page fill it in. */
export interface BenchRequest {
  readonly mode: 'step' | 'sweep' | 'steady' | 'kernels' | 'profile';
  readonly sizes: readonly StepSize[];
  readonly steps: number;
  readonly budgetSeconds: number;
  readonly stock: boolean;
  readonly unplanned: boolean;
  readonly only: string;
}

/** What came of it. */
export interface BenchReport {
  readonly adapter: string;
  /** What our convolutions ran: the tiles that the host's devices were opened with. */
  readonly tiles: TileChoice['tiles'];
  readonly matmul: MatmulRate | null;
  readonly cells: readonly CellResult[];
  readonly steady: SteadyState | null;
  readonly profile: StepProfile | null;
  readonly kernels: readonly KernelTiming[];
}

/** Where a benchmark runs. */
export interface BenchHost {
  /** Opens a device of its own, which the benchmark closes. */
  readonly openFresh: () => Promise<OpenDevice>;
  readonly peers: readonly PeerColumn[];
  /** One line for the person who waits. */
  readonly say: (line: string) => void;
  /** After every step of a column and every kernel: how many of how many, as far as can be told. */
  readonly progress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

const WARMUP_SHARE = 0.25;

/** Measures, closing every device it opens. @throws StudioError `aborted` when the host's signal fires. */
export async function runBench(request: BenchRequest, host: BenchHost): Promise<BenchReport> {
  const open = await host.openFresh();
  const adapter = open.adapter.name;
  const { tiles } = tileChoice(open.backend);
  host.say(`${adapter}, tiles: ${tilesText(tiles)}`);
  if (request.mode !== 'step' && request.mode !== 'sweep') {
    try {
      return {
        adapter,
        tiles,
        matmul: null,
        cells: [],
        steady: null,
        profile: null,
        kernels: [],
        ...(await alone(request, open, host)),
      };
    } finally {
      open.close();
    }
  }
  const matmul = await matmulRate(open).finally(() => open.close());
  host.say(`Best product: ${productText(matmul)}`);
  const rates = new RateEstimates(matmul.gflops * WARMUP_SHARE);
  const cells: CellResult[] = [];
  const columns = 1 + Number(request.stock) + Number(request.unplanned) + host.peers.length;
  const perCell = columns * (request.steps + 1);
  for (const [index, size] of request.sizes.entries()) {
    throwIfStopped(host.signal);
    host.say(sizeText(size));
    let taken = index * perCell;
    host.progress?.(taken, request.sizes.length * perCell);
    const listener = (name: string, step: number, ms: number): void => {
      host.progress?.(++taken, request.sizes.length * perCell);
      host.say(`  ${step === 0 ? 'first step' : `step ${step}`}, ${name}: ${Math.round(ms)} ms`);
    };
    const cell = await measureCell(size, { ...request, ...host, listener }, rates);
    for (const column of cell.columns)
      if (column.status !== 'measured') host.say(`  ${column.name}: ${column.status}, ${column.reason}`);
    cells.push(cell);
  }
  const last = await host.openFresh();
  const again = await matmulRate(last).finally(() => last.close());
  return { adapter, tiles, matmul: better(matmul, again), cells, steady: null, profile: null, kernels: [] };
}

/** "12.3 GFLOP/s (tfjs matMul, 512 x 512 x 512)". */
export function productText({ gflops, by, shape }: MatmulRate): string {
  return `${gflops.toPrecision(3)} GFLOP/s (${by}, ${shape.join(' x ')})`;
}

async function alone(
  request: BenchRequest,
  open: OpenDevice,
  host: BenchHost,
): Promise<Partial<Pick<BenchReport, 'steady' | 'profile' | 'kernels'>>> {
  const [size] = request.sizes;
  if (request.mode === 'steady' && size) {
    host.say(`${sizeText(size)}, ${request.steps} steps with our kernels`);
    return { steady: await steadyState(open, size, milestones(request.steps)) };
  }
  if (request.mode === 'profile' && size) {
    host.say(`${sizeText(size)}, one step taken apart`);
    const { progress, signal } = host;
    return { profile: await profileStep(open, size, request.steps, progress, signal) };
  }
  const cases = kernelCases(size?.batch ?? 32).filter(({ kernel }) => kernel.includes(request.only));
  let done = 0;
  const listener = (row: KernelTiming): void => {
    host.progress?.(++done, cases.length);
    host.say(
      `  ${row.kernel}, ${row.shape}: ${row.stockMs.toFixed(2)} → ${row.oursMs.toFixed(2)} ms, ${row.ratio.toFixed(1)}x`,
    );
  };
  const kernels = await measureKernels(open, cases, request.steps, listener, host.signal);
  return { kernels };
}

/** Steps 1, 2, 3, then every fifth part of them all. */
export function milestones(steps: number): number[] {
  const fifths = [1, 2, 3, 4, 5].map((part) => Math.round((steps * part) / 5));
  return [...new Set([1, 2, 3, ...fifths])].filter((at) => at >= 1 && at <= steps).sort((a, b) => a - b);
}
