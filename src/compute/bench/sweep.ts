import type { OpenDevice } from '../device/device';
import { compareLosses, type LossComparison } from './compareLosses';
import { GpuCounters } from './gpuCounters';
import { measureSteps, type StepListener, type StepTiming } from './measureSteps';
import { medianRatio } from './statistics';
import { steadyState, type SteadyState } from './steadyState';
import { IMAGE_SIZE, sizeText, stepFlops, type StepSize } from './stepCost';
import type { StepVariant } from './stepVariant';
import { throwIfStopped } from './stopped';
import { trainerVariant } from './trainerVariant';
import { workload, type Workload } from './workload';

/** A further column: another library on the same step. */
export interface PeerColumn {
  readonly name: string;
  readonly create: (work: Workload) => StepVariant;
}

/** How a cell is measured. */
export interface CellOptions {
  /** Steps after the first, if the budget allows as many. */
  readonly steps: number;
  /** Seconds that the cell may take, by estimate. */
  readonly budgetSeconds: number;
  readonly stock: boolean;
  /** Ours once more, operation by operation. */
  readonly unplanned: boolean;
  readonly peers: readonly PeerColumn[];
  /** Opens a device that nothing has been allocated on. */
  readonly openFresh: () => Promise<OpenDevice>;
  readonly listener?: StepListener;
  readonly signal?: AbortSignal | undefined;
}

/** One column of a cell. */
export type ColumnResult =
  | {
      readonly name: string;
      readonly status: 'measured';
      readonly timing: StepTiming;
      readonly gflops: number;
    }
  | { readonly name: string; readonly status: 'skipped' | 'failed'; readonly reason: string };

/** What one size came to. */
export interface CellResult {
  readonly size: StepSize;
  readonly flops: number;
  readonly columns: readonly ColumnResult[];
  /** Medians over the rounds of the other column's time over ours, by column. */
  readonly timesOurs: Readonly<Record<string, number>>;
  /** Of the first steps, ours against every peer. */
  readonly losses: readonly LossComparison[];
  /** Of ours, on a device of its own; null where ours was not measured. */
  readonly memory: Omit<SteadyState, 'rows' | 'flat'> | null;
}

/** Floating-point operations a millisecond by column, learned from cell to cell. */
export class RateEstimates {
  private readonly known = new Map<string, number>();

  /** @param startGflops what a column is taken to reach before it was measured. */
  constructor(private readonly startGflops: number) {}

  stepSeconds(name: string, flops: number): number {
    return flops / 1e9 / (this.known.get(name) ?? this.startGflops);
  }

  learn(name: string, gflops: number): void {
    if (Number.isFinite(gflops)) this.known.set(name, gflops);
  }
}

/** Which columns fit, how many steps they may take, and why others were left out. */
export interface CellPlan {
  readonly run: readonly string[];
  readonly steps: number;
  readonly skipped: readonly { readonly name: string; readonly reason: string }[];
}

/** Columns in order of importance share the budget: each needs a first step and one more. */
export function planCell(
  size: StepSize,
  names: readonly string[],
  options: { readonly steps: number; readonly budgetSeconds: number; readonly maxBindingBytes: number },
  rates: RateEstimates,
): CellPlan {
  const binding = largestBinding(size);
  if (binding > options.maxBindingBytes) {
    const reason = `a tensor of ${mebibytes(binding)} is more than the adapter binds (${mebibytes(options.maxBindingBytes)})`;
    return { run: [], steps: 0, skipped: names.map((name) => ({ name, reason })) };
  }
  const flops = stepFlops(size, true);
  const run: string[] = [];
  const skipped: { name: string; reason: string }[] = [];
  let round = 0;
  for (const name of names) {
    const seconds = rates.stepSeconds(name, flops);
    if (2 * (round + seconds) > options.budgetSeconds) {
      const reason = `a step is estimated at ${Number(seconds.toPrecision(2))} s, and the cell has ${options.budgetSeconds} s for two rounds`;
      skipped.push({ name, reason });
      continue;
    }
    run.push(name);
    round += seconds;
  }
  const steps = Math.max(1, Math.min(options.steps, Math.floor(options.budgetSeconds / round) - 1));
  return { run, steps, skipped };
}

/** Bytes of the step's largest tensor: the last skip connection with what is joined to it, or the victim's first layer. */
export function largestBinding({ channels, width, batch }: StepSize): number {
  return 4 * batch * IMAGE_SIZE * IMAGE_SIZE * Math.max(2 * channels, width);
}

function mebibytes(bytes: number): string {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}

/** Measures one size; a column that fails is reported, not thrown. */
export async function measureCell(
  size: StepSize,
  options: CellOptions,
  rates: RateEstimates,
): Promise<CellResult> {
  const names = [
    'ours',
    ...(options.unplanned ? ['unplanned'] : []),
    ...(options.stock ? ['stock'] : []),
    ...options.peers.map((peer) => peer.name),
  ];
  const flops = stepFlops(size, true);
  const open = await options.openFresh();
  const plan = planCell(size, names, { ...options, maxBindingBytes: open.adapter.maxBindingBytes }, rates);
  const skipped = plan.skipped.map((one): ColumnResult => ({ ...one, status: 'skipped' }));
  if (plan.run.length === 0) {
    open.close();
    return { size, flops, columns: skipped, timesOurs: {}, losses: [], memory: null };
  }
  const timings = await timeColumns(open, size, plan, options).finally(() => open.close());
  if (typeof timings === 'string') {
    const failed = plan.run.map((name): ColumnResult => ({ name, status: 'failed', reason: timings }));
    return { size, flops, columns: [...failed, ...skipped], timesOurs: {}, losses: [], memory: null };
  }
  const columns = timings.map((timing): ColumnResult => {
    if (timing.failure !== null) return { name: timing.name, status: 'failed', reason: timing.failure };
    const gflops = flops / timing.medianStepMs / 1e6;
    rates.learn(timing.name, gflops);
    return { name: timing.name, status: 'measured', timing, gflops };
  });
  return {
    size,
    flops,
    columns: [...columns, ...skipped],
    timesOurs: ratiosToOurs(timings),
    losses: await comparePeers(size, timings, options),
    memory: plan.run.includes('ours') ? await memoryOfOurs(size, options) : null,
  };
}

/** The timings, or why there are none. */
async function timeColumns(
  open: OpenDevice,
  size: StepSize,
  plan: CellPlan,
  options: CellOptions,
): Promise<readonly StepTiming[] | string> {
  const counters = new GpuCounters(open.device, open.backend);
  let failure: string | null = null;
  open.onUncapturedError((error) => (failure ??= error.detail ?? error.message));
  const variants: StepVariant[] = [];
  try {
    // One step more than is taken: the last step of a training reads its losses back.
    const work = workload(size, plan.steps + 2);
    for (const kind of ['stock', 'unplanned', 'ours'] as const)
      if (plan.run.includes(kind)) variants.push(trainerVariant(kind, open, counters, work));
    for (const peer of options.peers) if (plan.run.includes(peer.name)) variants.push(peer.create(work));
    const timings = await measureSteps(variants, plan.steps, options.listener, options.signal);
    return failure ?? timings;
  } catch (thrown) {
    throwIfStopped(options.signal);
    return `${sizeText(size)}: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  } finally {
    for (const variant of variants) await variant.dispose();
  }
}

function ratiosToOurs(timings: readonly StepTiming[]): Record<string, number> {
  const ours = timings.find((timing) => timing.name === 'ours');
  if (!ours) return {};
  const others = timings.filter((timing) => timing !== ours);
  return Object.fromEntries(others.map(({ name, stepMs }) => [name, medianRatio(stepMs, ours.stepMs)]));
}

/** Steps that losses are compared over. */
const COMPARED_STEPS = 3;

async function comparePeers(
  size: StepSize,
  timings: readonly StepTiming[],
  options: CellOptions,
): Promise<readonly LossComparison[]> {
  const peers = timings.filter(({ name }) => options.peers.some((peer) => peer.name === name));
  if (peers.length === 0) return [];
  const open = await options.openFresh();
  try {
    // As many steps as the timed run had, for the same images.
    const steps = Math.min(COMPARED_STEPS, timings[0]?.stepMs.length ?? 0);
    const work = workload(size, (timings[0]?.stepMs.length ?? 0) + 2);
    const logged = trainerVariant('ours', open, new GpuCounters(open.device, open.backend), work, true);
    await logged.prepare();
    for (let step = 0; step < steps; step++) await logged.step();
    const ours = logged.losses();
    await logged.dispose();
    return peers.map(({ name, losses }) => compareLosses(name, ours, losses));
  } finally {
    open.close();
  }
}

async function memoryOfOurs(size: StepSize, { openFresh }: CellOptions): Promise<CellResult['memory']> {
  const open = await openFresh();
  try {
    const { peakBytes, peakLiveBytes, planning, peakOverLive } = await steadyState(open, size, [1, 2, 3]);
    return { peakBytes, peakLiveBytes, planning, peakOverLive };
  } finally {
    open.close();
  }
}
