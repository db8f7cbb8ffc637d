import type { OpenDevice } from '../device/device';
import { tf } from '../tf';
import type { Planning } from '../refine/planning';
import { GpuCounters } from './gpuCounters';
import type { StepSize } from './stepCost';
import { trainerVariant } from './trainerVariant';
import { workload } from './workload';

/** What existed after one step. */
export interface SteadyRow {
  readonly step: number;
  /** tfjs's tensors, variables included. */
  readonly tensors: number;
  readonly liveBytes: number;
  /** All buffers of the device, pools included. */
  readonly bufferBytes: number;
  /** Buffers created and pipelines compiled during the step: 0 where nothing is allocated or compiled any more. */
  readonly buffersCreated: number;
  readonly pipelines: number;
}

/** Memory of a training of ours. */
export interface SteadyState {
  readonly rows: readonly SteadyRow[];
  /** The most that all buffers together had at once, from the first step on. */
  readonly peakBytes: number;
  /** The most that live tensors had at once: the plan's own count and what tfjs holds, or tfjs's alone where there is no plan. */
  readonly peakLiveBytes: number;
  /** How the steps reached the GPU. */
  readonly planning: Planning;
  /** peakBytes / peakLiveBytes. */
  readonly peakOverLive: number;
  /** Whether tensors, live bytes and buffer bytes are the same in all rows from the second on. */
  readonly flat: boolean;
}

/**
 * Trains with our kernels alone and looks at memory after the steps of `at`. Peaks are of the whole run, so the device should be
 * fresh: another column's pools would count.
 */
export async function steadyState(
  open: OpenDevice,
  size: StepSize,
  at: readonly number[],
): Promise<SteadyState> {
  const last = Math.max(...at);
  const counters = new GpuCounters(open.device, open.backend);
  const before = tf.engine().state.numTensors;
  // Labels are kept: 500 steps would need 500 batches of images otherwise.
  const variant = trainerVariant('ours', open, counters, workload(size, last + 1, true));
  await variant.prepare();
  counters.resetPeaks();
  const rows: SteadyRow[] = [];
  for (let step = 1; step <= last; step++) {
    variant.counts();
    await variant.step();
    if (!at.includes(step)) continue;
    const { buffers, pipelines } = variant.counts();
    rows.push({
      step,
      tensors: tf.engine().state.numTensors - before,
      liveBytes: counters.liveBytes(),
      bufferBytes: counters.bytes,
      buffersCreated: buffers,
      pipelines,
    });
  }
  const planning = variant.planning();
  const { peakBytes } = counters;
  const peakLiveBytes = liveAtPeak(planning, counters);
  await variant.dispose();
  const peakOverLive = peakBytes / peakLiveBytes;
  return { rows, peakBytes, peakLiveBytes, planning, peakOverLive, flat: isFlat(rows) };
}

/**
 * A recording makes tensors that never had memory, so tfjs's peak says nothing of a planned step; the plan knows what is alive
 * at once within one. Gradients, which a plan keeps for good, are not counted: a stricter measure.
 */
function liveAtPeak(planning: Planning, counters: GpuCounters): number {
  if (planning.kind !== 'planned') return counters.peakLiveBytes;
  return counters.liveBytes() + planning.peakLiveBytes + planning.constantBytes;
}

/** The first row is left out: a first step allocates what later ones reuse. */
export function isFlat(rows: readonly SteadyRow[]): boolean {
  const [second, ...later] = rows.slice(1);
  return later.every(
    (row) =>
      row.tensors === second?.tensors &&
      row.liveBytes === second.liveBytes &&
      row.bufferBytes === second.bufferBytes,
  );
}
