import type { OpenDevice } from '../device/device';
import { installKernels } from '../kernels/install';
import type { TrainEvent } from '../refine/events';
import { gpuFence } from '../refine/gpuFence';
import type { Planning } from '../refine/planning';
import { RefineTrainer } from '../refine/trainer';
import { createVictim, type Victim } from '../victim/victim';
import type { GpuCounters } from './gpuCounters';
import { IMAGE_SIZE, victimOf } from './stepCost';
import type { StepLosses, StepVariant } from './stepVariant';
import { SEED, type Workload } from './workload';

/** How the trainer runs: with tfjs's stock kernels, with ours, or with ours but operation by operation. */
export type TrainerKind = 'stock' | 'ours' | 'unplanned';

/** A column that can say how its steps reach the GPU. */
export interface TrainerVariant extends StepVariant {
  /** Known after the first step. */
  planning(): Planning;
}

const NEVER = 1_000_000_000;

/**
 * The trainer of the studio as a column of the benchmark. Kernels of ours are in place during its own steps only, so that
 * columns can take turns. @param logged read the losses of every step back, as the page does not.
 */
export function trainerVariant(
  kind: TrainerKind,
  open: OpenDevice,
  counters: GpuCounters,
  work: Workload,
  logged = false,
): TrainerVariant {
  const victim = createVictim(victimOf(work.size), work.victimState, {
    normalization: work.normalization,
    channelOrder: 'RGB',
  });
  const trainer = trainerOf(victim, work, kind, logged);
  const events = trainer.run();
  const losses: StepLosses[] = [];
  const install = () => (kind === 'stock' ? null : installKernels(open.backend));
  return {
    name: kind,
    async prepare() {
      const installed = install();
      await installed?.selfCheck();
      await gpuFence();
      installed?.uninstall();
      counters.take();
    },
    async step() {
      const installed = install();
      try {
        const event = await nextStep(events);
        await gpuFence();
        if (event?.kind === 'step' && event.row) {
          const { loss, classificationLoss, supconLoss } = event.row;
          losses.push([loss, classificationLoss, supconLoss]);
        }
      } finally {
        installed?.uninstall();
      }
    },
    counts: () => counters.take(),
    losses: () => losses,
    planning: () => trainer.planning,
    async dispose() {
      await events.return(undefined);
      trainer.dispose();
      victim.dispose();
    },
  };
}

function trainerOf(victim: Victim, work: Workload, kind: TrainerKind, logged: boolean): RefineTrainer {
  return new RefineTrainer({
    victim,
    split: work.images,
    height: IMAGE_SIZE,
    width: IMAGE_SIZE,
    settings: work.settings,
    seed: SEED,
    planning: kind === 'ours',
    compileAhead: kind !== 'stock',
    labelMap: work.labelMap,
    logEverySteps: logged ? 1 : NEVER,
    initialState: work.transformState,
  });
}

/** The ends of epochs are events too. */
async function nextStep(events: AsyncGenerator<TrainEvent>): Promise<TrainEvent | null> {
  for (;;) {
    const next = await events.next();
    if (next.done) return null;
    if (next.value.kind === 'step') return next.value;
  }
}
