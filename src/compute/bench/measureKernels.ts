import type { OpenDevice } from '../device/device';
import { installKernels } from '../kernels/install';
import { gpuFence } from '../refine/gpuFence';
import { tf } from '../tf';
import type { KernelCase } from './kernelCase';
import { median, medianRatio } from './statistics';
import { throwIfStopped } from './stopped';

/** One row of the kernels' table. */
export interface KernelTiming {
  readonly kernel: string;
  readonly shape: string;
  readonly stockMs: number;
  readonly oursMs: number;
  /** Median of the rounds' stock / ours. */
  readonly ratio: number;
  /** 0 for what only moves bytes. */
  readonly gflops: number;
  readonly gigabytesPerSecond: number;
}

/** One timed sample is repeated until it takes this long, so that the fence does not count. */
const SAMPLE_MS = 20;
const MAX_REPEATS = 200;

/**
 * Every case with tfjs's kernels and with ours, in turn in `rounds` rounds. @param listener hears each row as it is done.
 * @throws StudioError `aborted` when `signal` fires, between two cases.
 */
export async function measureKernels(
  open: OpenDevice,
  cases: readonly KernelCase[],
  rounds: number,
  listener: (row: KernelTiming) => void = () => undefined,
  signal?: AbortSignal,
): Promise<readonly KernelTiming[]> {
  const rows: KernelTiming[] = [];
  for (const one of cases) {
    throwIfStopped(signal);
    const row = await measureCase(open, one, rounds);
    rows.push(row);
    listener(row);
  }
  return rows;
}

async function measureCase(open: OpenDevice, one: KernelCase, rounds: number): Promise<KernelTiming> {
  const { run, dispose } = one.setUp();
  const withOurs = async (sample: () => Promise<number>): Promise<number> => {
    const installed = installKernels(open.backend);
    return sample().finally(() => installed.uninstall());
  };
  const repeats = { stock: await calibrate(run), ours: 1 };
  await withOurs(async () => (repeats.ours = await calibrate(run)));
  const stock: number[] = [];
  const ours: number[] = [];
  for (let round = 0; round < rounds; round++) {
    stock.push(await sampleMs(run, repeats.stock));
    ours.push(await withOurs(() => sampleMs(run, repeats.ours)));
  }
  dispose();
  const oursMs = median(ours);
  return {
    kernel: one.kernel,
    shape: one.shape,
    stockMs: median(stock),
    oursMs,
    ratio: medianRatio(stock, ours),
    gflops: one.flops / oursMs / 1e6,
    gigabytesPerSecond: one.bytes / oursMs / 1e6,
  };
}

/** How often one sample repeats; the first run, which compiles, is not looked at. */
async function calibrate(run: () => tf.Tensor | tf.Tensor[]): Promise<number> {
  await sampleMs(run, 1);
  const once = await sampleMs(run, 1);
  return Math.max(1, Math.min(MAX_REPEATS, Math.ceil(SAMPLE_MS / once)));
}

/** Milliseconds of one run. */
async function sampleMs(run: () => tf.Tensor | tf.Tensor[], repeats: number): Promise<number> {
  await gpuFence();
  const started = performance.now();
  for (let i = 0; i < repeats; i++) tf.dispose(tf.tidy(run));
  await gpuFence();
  return (performance.now() - started) / repeats;
}
