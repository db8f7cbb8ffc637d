import type { ImageSplit } from '../../src/data/dataset';
import { PURPOSE, RandomStream } from '../../src/data/random';
import { recipeDefaults, type RefineSettings } from '../../src/protocol/experiment';
import type { MetricsRow } from '../../src/protocol/results';
import { cifarResnetOfDepth } from '../../src/compute/nn/cifarResnet';
import { initialState } from '../../src/compute/nn/initialise';
import { traceNetwork } from '../../src/compute/nn/trace';
import type { TrainEvent } from '../../src/compute/refine/events';
import type { RefineTrainer, RefineTrainingContext } from '../../src/compute/refine/trainer';
import { createVictim, type Victim } from '../../src/compute/victim/victim';

const SIDE = 16;
const BATCH = 4;

/** Seeded noise images without labels. */
export function noiseSplit(count: number): ImageSplit {
  const size = SIDE * SIDE * 3;
  const random = new RandomStream(1, PURPOSE.sample);
  const pixels = Uint8Array.from({ length: count * size }, () => random.below(256));
  return {
    count,
    labels: null,
    read: async (indices) => {
      const out = new Uint8Array(indices.length * size);
      Array.from(indices).forEach((index, i) => {
        out.set(pixels.subarray(index * size, (index + 1) * size), i * size);
      });
      return out;
    },
  };
}

/** A ResNet-18 of width 4 with seeded weights for five classes. */
export function smallVictim(): Victim {
  const network = cifarResnetOfDepth(18, 4, 5, [SIDE, SIDE]);
  return createVictim(network, initialState(traceNetwork(network).tensors, 3), {
    normalization: { mean: [0.5, 0.45, 0.4], std: [0.2, 0.25, 0.3] },
    channelOrder: 'BGR',
  });
}

/** Two epochs of three steps of a UNet of two channels, every step logged, changed by `part`. */
export function smallContext(victim: Victim, part: Partial<RefineSettings> = {}): RefineTrainingContext {
  return {
    victim,
    split: noiseSplit(3 * BATCH),
    height: SIDE,
    width: SIDE,
    settings: { ...recipeDefaults('official', 9), firstChannels: 2, batchSize: BATCH, epochs: 2, ...part },
    seed: 9,
    labelMap: [1, 2, 3, 4, 0],
    logEverySteps: 1,
  };
}

/** The paper's recipe with Adam under a one-cycle schedule, as a change to `smallContext`. */
export const ADAM_ONE_CYCLE: Partial<RefineSettings> = {
  ...recipeDefaults('paper', 9),
  firstChannels: 2,
  batchSize: BATCH,
  epochs: 3,
  augmentation: 'none',
  optimizer: { kind: 'adam', learningRate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  schedule: {
    kind: 'onecycle',
    maxLearningRate: 0.01,
    pctStart: 0.3,
    divFactor: 25,
    finalDivFactor: 1e4,
  },
};

/** Runs a trainer until `steps` steps are done. */
export async function runTo(trainer: RefineTrainer, steps = Infinity): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of trainer.run()) {
    events.push(event);
    if (trainer.step >= steps) break;
  }
  return events;
}

/** The logged rows without their times. */
export function numbersOf(events: readonly TrainEvent[]): Omit<MetricsRow, 'stepSeconds'>[] {
  return events.flatMap((event) => {
    if (event.kind !== 'step' || !event.row) return [];
    const { stepSeconds: _, ...numbers } = event.row;
    return [numbers];
  });
}
