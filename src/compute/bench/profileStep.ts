import type { OpenDevice } from '../device/device';
import { GpuCounters } from './gpuCounters';
import { median } from './statistics';
import type { StepSize } from './stepCost';
import { throwIfStopped } from './stopped';
import { trainerVariant } from './trainerVariant';
import { workload } from './workload';

/** What one kernel takes of a step. */
export interface ProfileRow {
  /** The pipeline's label: a key of ours, or the class of tfjs's program. */
  readonly kernel: string;
  readonly calls: number;
  /** All calls together, each sent alone and waited for. */
  readonly ms: number;
  /** Of the sum over all kernels. */
  readonly share: number;
}

/** Where the time of a training step goes. */
export interface StepProfile {
  readonly size: StepSize;
  /** The slowest first. */
  readonly rows: readonly ProfileRow[];
  readonly sumMs: number;
  /** Of whole steps as they are trained: what sending all at once saves or costs shows against `sumMs`. */
  readonly stepMs: number;
}

interface Dispatch {
  readonly pipeline: GPUComputePipeline;
  readonly group: GPUBindGroup;
  readonly groups: readonly [number, number, number];
}

/** Steps before the one that is taken apart: the plan is made, its submissions are settled. */
const WARM_UP = 3;

/**
 * Takes a training step of ours apart: its dispatches are noted as they are sent, and then each is sent alone and waited for,
 * `rounds` times, of which the fastest counts; an empty submission's time is taken off. Numbers in the
 * trainer's memory are meaningless afterwards. @throws StudioError `aborted` when the signal fires.
 */
export async function profileStep(
  open: OpenDevice,
  size: StepSize,
  rounds: number,
  onDispatch?: (done: number, total: number) => void,
  signal?: AbortSignal,
): Promise<StepProfile> {
  const counters = new GpuCounters(open.device, open.backend);
  const variant = trainerVariant('ours', open, counters, workload(size, WARM_UP + 1, true));
  try {
    await variant.prepare();
    const times: number[] = [];
    for (let step = 0; step < WARM_UP; step++) {
      const began = performance.now();
      await variant.step();
      times.push(performance.now() - began);
    }
    const dispatches = await noted(open.device, () => variant.step());
    const empty = await fastest(open.device, null, rounds);
    const rows = new Map<string, { calls: number; ms: number }>();
    for (const [index, dispatch] of dispatches.entries()) {
      throwIfStopped(signal);
      const ms = Math.max(0, (await fastest(open.device, dispatch, rounds)) - empty);
      const kernel = dispatch.pipeline.label;
      const row = rows.get(kernel) ?? { calls: 0, ms: 0 };
      rows.set(kernel, { calls: row.calls + 1, ms: row.ms + ms });
      onDispatch?.(index + 1, dispatches.length);
    }
    return { size, ...shares(rows), stepMs: median(times.slice(1)) };
  } finally {
    await variant.dispose();
  }
}

function shares(
  rows: ReadonlyMap<string, { readonly calls: number; readonly ms: number }>,
): Pick<StepProfile, 'rows' | 'sumMs'> {
  const sumMs = [...rows.values()].reduce((sum, { ms }) => sum + ms, 0);
  const sorted = [...rows].map(([kernel, row]) => ({ kernel, ...row, share: row.ms / sumMs }));
  return { rows: sorted.sort((a, b) => b.ms - a.ms), sumMs };
}

/** The dispatches that `run` sends, in order. */
async function noted(device: GPUDevice, run: () => Promise<void>): Promise<readonly Dispatch[]> {
  const found: Dispatch[] = [];
  const create = device.createCommandEncoder.bind(device);
  device.createCommandEncoder = (descriptor) => {
    const encoder = create(descriptor);
    const begin = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (pass) => notedPass(begin(pass), found);
    return encoder;
  };
  await run().finally(() => (device.createCommandEncoder = create));
  return found;
}

function notedPass(pass: GPUComputePassEncoder, found: Dispatch[]): GPUComputePassEncoder {
  let [pipeline, group]: [GPUComputePipeline | null, GPUBindGroup | null] = [null, null];
  const setPipeline = pass.setPipeline.bind(pass);
  pass.setPipeline = (next) => {
    pipeline = next;
    setPipeline(next);
  };
  const setBindGroup = pass.setBindGroup.bind(pass) as (index: number, bound: GPUBindGroup | null) => void;
  pass.setBindGroup = (index: number, bound: GPUBindGroup | null) => {
    group = bound;
    setBindGroup(index, bound);
  };
  const dispatch = pass.dispatchWorkgroups.bind(pass);
  pass.dispatchWorkgroups = (x, y = 1, z = 1) => {
    if (pipeline && group) found.push({ pipeline, group, groups: [x, y, z] });
    dispatch(x, y, z);
  };
  return pass;
}

async function fastest(device: GPUDevice, dispatch: Dispatch | null, rounds: number): Promise<number> {
  let best = Infinity;
  for (let round = 0; round < rounds; round++) {
    const encoder = device.createCommandEncoder({ label: 'profile' });
    const pass = encoder.beginComputePass({ label: 'profile' });
    if (dispatch) {
      pass.setPipeline(dispatch.pipeline);
      pass.setBindGroup(0, dispatch.group);
      pass.dispatchWorkgroups(...dispatch.groups);
    }
    pass.end();
    const commands = [encoder.finish()];
    const began = performance.now();
    device.queue.submit(commands);
    await device.queue.onSubmittedWorkDone();
    best = Math.min(best, performance.now() - began);
  }
  return best;
}
