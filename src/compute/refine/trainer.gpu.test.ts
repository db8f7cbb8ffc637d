import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSplit } from '../../data/dataset';
import { PURPOSE, RandomStream } from '../../data/random';
import { recipeDefaults, type RefineSettings } from '../../protocol/experiment';
import type { MetricsRow } from '../../protocol/results';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels, type InstalledKernels } from '../kernels/install';
import { cifarResnetOfDepth } from '../nn/cifarResnet';
import { initialState } from '../nn/initialise';
import { traceNetwork } from '../nn/trace';
import { buildTrainable } from '../nn/trainable';
import { unet } from '../nn/unet';
import { createOptimizer } from '../optimizers/createOptimizer';
import { tf } from '../tf';
import { createVictim, type Victim } from '../victim/victim';
import { BatchSource } from './batchSource';
import { decodeCheckpoint, encodeCheckpoint } from './checkpoint';
import type { TrainEvent } from './events';
import { inverseMap } from './labelMap';
import { refineLossAndGradients } from './refineLoss';
import { RefineModel } from './refineModel';
import { RefineTrainer, type RefineTrainingContext } from './trainer';

const SIDE = 16;
const COUNT = 12;
const BATCH = 4;

let open: OpenDevice;
let installed: InstalledKernels;
let victim: Victim;

beforeAll(async () => {
  open = await openDevice();
  installed = installKernels(open.backend);
  const network = cifarResnetOfDepth(18, 4, 5, [SIDE, SIDE]);
  victim = createVictim(network, initialState(traceNetwork(network).tensors, 3), {
    normalization: { mean: [0.5, 0.45, 0.4], std: [0.2, 0.25, 0.3] },
    channelOrder: 'BGR',
  });
});
afterAll(() => {
  victim.dispose();
  installed.uninstall();
  open.close();
});

/** Seeded noise images without labels; notes which were read. */
function noise(count = COUNT): ImageSplit & { readonly asked: number[][] } {
  const size = SIDE * SIDE * 3;
  const random = new RandomStream(1, PURPOSE.sample);
  const pixels = Uint8Array.from({ length: count * size }, () => random.below(256));
  const asked: number[][] = [];
  return {
    count,
    labels: null,
    asked,
    read: async (indices) => {
      asked.push(Array.from(indices));
      const out = new Uint8Array(indices.length * size);
      Array.from(indices).forEach((index, i) => {
        out.set(pixels.subarray(index * size, (index + 1) * size), i * size);
      });
      return out;
    },
  };
}

function contextOf(part: Partial<RefineSettings> = {}, split: ImageSplit = noise()): RefineTrainingContext {
  return {
    victim,
    split,
    height: SIDE,
    width: SIDE,
    settings: { ...recipeDefaults('official', 9), firstChannels: 2, batchSize: BATCH, epochs: 2, ...part },
    seed: 9,
    labelMap: [1, 2, 3, 4, 0],
    logEverySteps: 1,
  };
}

async function collect(trainer: RefineTrainer, steps = Infinity): Promise<TrainEvent[]> {
  const events: TrainEvent[] = [];
  for await (const event of trainer.run()) {
    events.push(event);
    if (trainer.step >= steps) break;
  }
  return events;
}

function rowsOf(events: readonly TrainEvent[]): MetricsRow[] {
  return events.flatMap((event) => (event.kind === 'step' && event.row ? [event.row] : []));
}

const numbers = (rows: readonly MetricsRow[]) => rows.map(({ stepSeconds: _, ...row }) => row);

const RUNS: readonly (readonly [string, Partial<RefineSettings>])[] = [
  ['official recipe, SGD', {}],
  ['not augmented, labels kept', { augmentation: 'none' }],
  [
    'paper recipe, Adam, one cycle, augmented',
    {
      ...recipeDefaults('paper', 9),
      firstChannels: 2,
      batchSize: BATCH,
      epochs: 2,
      augmentation: 'official',
      optimizer: {
        kind: 'adam',
        learningRate: 0.01,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weightDecay: 0,
      },
      schedule: {
        kind: 'onecycle',
        maxLearningRate: 0.01,
        pctStart: 0.3,
        divFactor: 25,
        finalDivFactor: 1e4,
      },
    },
  ],
];

describe('RefineTrainer', () => {
  it.each(RUNS)('resumes from bytes to the same numbers: %s', async (_name, settings) => {
    const straight = new RefineTrainer(contextOf(settings));
    expect(straight.totalSteps).toBe(6);
    const whole = await collect(straight);
    const first = new RefineTrainer(contextOf(settings));
    const before = await collect(first, 3);
    const bytes = encodeCheckpoint(await first.checkpoint());
    first.dispose();
    const second = new RefineTrainer({ ...contextOf(settings), resume: decodeCheckpoint(bytes) });
    expect(second.step).toBe(3);
    const after = await collect(second);
    expect(numbers(rowsOf([...before, ...after]))).toEqual(numbers(rowsOf(whole)));
    expect(await second.checkpoint()).toEqual(await straight.checkpoint());
    straight.dispose();
    second.dispose();
  });

  it('tells every step and the end of every epoch, and drops the incomplete batch', async () => {
    const split = noise(COUNT + 3);
    const trainer = new RefineTrainer({ ...contextOf({}, split), logEverySteps: 4 });
    const events = await collect(trainer);
    expect(events.map((event) => `${event.kind} ${event.step}`)).toEqual([
      'step 1', 'step 2', 'step 3', 'epoch 3', 'step 4', 'step 5', 'step 6', 'epoch 6',
    ]); // prettier-ignore
    expect(rowsOf(events).map(({ step, epoch }) => [step, epoch])).toEqual([
      [4, 1],
      [6, 1],
    ]);
    expect(split.asked.map((indices) => indices.length)).toEqual([4, 4, 4, 4, 4, 4]);
    expect(new Set(split.asked.slice(0, 3).flat()).size).toBe(12);
    trainer.dispose();
  });

  it('is what the loss is made of, and it falls', async () => {
    const split = noise(BATCH);
    const trainer = new RefineTrainer(contextOf({ augmentation: 'none', epochs: 12 }, split));
    const rows = rowsOf(await collect(trainer));
    expect(rows).toHaveLength(12);
    for (const { loss, classificationLoss, supconLoss, learningRate, stepSeconds } of rows) {
      expect(loss).toBeCloseTo(classificationLoss + 0.1 * supconLoss, 5);
      expect(learningRate).toBe(0.01);
      expect(stepSeconds).toBeGreaterThan(0);
    }
    expect(rows.at(-1)!.loss).toBeLessThan(rows[0]!.loss);
    trainer.dispose();
  });

  it('holds the number of tensors over the steps, and frees them all', async () => {
    const before = [tf.memory().numTensors, open.backend.numDataIds()];
    const trainer = new RefineTrainer({ ...contextOf(), logEverySteps: 2 });
    const counts: number[][] = [];
    for await (const event of trainer.run()) {
      if (event.kind === 'step') counts.push([tf.memory().numTensors, open.backend.numDataIds()]);
    }
    expect(counts).toHaveLength(6);
    expect(counts[3]).toEqual(counts[1]);
    expect(counts[5]).toEqual(counts[1]);
    trainer.dispose();
    expect([tf.memory().numTensors, open.backend.numDataIds()]).toEqual(before);
  });

  it('asks the victim once for an image that is not augmented, to the same numbers', async () => {
    let asked = 0;
    const counting: Victim = {
      ...victim,
      forwardPixels: (pixels) => {
        asked++;
        return victim.forwardPixels(pixels);
      },
    };
    const context = {
      ...contextOf({ augmentation: 'none', epochs: 4 }),
      victim: counting,
      planning: false,
    };
    const trainer = new RefineTrainer(context);
    const rows = rowsOf(await collect(trainer));
    trainer.dispose();
    expect(rows).toHaveLength(12);
    // Three batches an epoch; labels that are still on their way from the GPU are asked for again.
    expect(asked).toBeGreaterThanOrEqual(3);
    expect(asked).toBeLessThanOrEqual(6);

    const transform = buildTrainable(unet(2, [SIDE, SIDE]), { seed: 9 });
    const { settings, labelMap } = context;
    const model = new RefineModel(transform, victim, settings);
    const optimizer = createOptimizer(settings.optimizer, transform.parameters);
    const batches = new BatchSource(noise(), { height: SIDE, width: SIDE }, settings, 9);
    const inverse = tf.tensor1d(inverseMap(labelMap), 'int32');
    for (const { step, loss } of rows) {
      const batch = await batches.batch(step - 1);
      const pixels = tf.tensor4d(batch.pixels, [BATCH, SIDE, SIDE, 3]);
      const labels = model.pseudoLabels(pixels);
      const { losses, gradients } = refineLossAndGradients(model, pixels, inverse, settings, labels);
      optimizer.step(gradients, { learningRate: 0.01, momentum: 0.9 });
      expect((await losses.data())[0]).toBe(loss);
      tf.dispose([pixels, labels, losses, ...gradients.values()]);
    }
    optimizer.dispose();
    transform.dispose();
    inverse.dispose();
  });

  it('stops at maxSteps, and on a signal, keeping what was learned', async () => {
    const limited = new RefineTrainer(contextOf({ maxSteps: 2 }));
    expect(rowsOf(await collect(limited))).toHaveLength(2);
    limited.dispose();
    const stopped = new RefineTrainer(contextOf());
    const controller = new AbortController();
    const run = async () => {
      for await (const event of stopped.run(controller.signal)) if (event.step === 1) controller.abort();
    };
    await expect(run()).rejects.toMatchObject({ code: 'aborted' });
    expect((await stopped.checkpoint()).step).toBe(1);
    stopped.dispose();
  });

  it('says when the loss is no longer a number, and writes no such checkpoint', async () => {
    const trainer = new RefineTrainer(
      contextOf({ optimizer: { kind: 'sgd', learningRate: 1e38, momentum: 0.9, weightDecay: 0.5 } }),
    );
    await expect(collect(trainer)).rejects.toMatchObject({ code: 'train/non-finite-loss' });
    await expect(trainer.checkpoint()).rejects.toMatchObject({ code: 'train/non-finite-loss' });
    trainer.dispose();
  });

  it('refuses what does not fit, without leaving tensors behind', async () => {
    const trainer = new RefineTrainer(contextOf());
    const checkpoint = await trainer.checkpoint();
    trainer.dispose();
    const before = tf.memory().numTensors;
    const refuse = (context: RefineTrainingContext, code: string) =>
      expect(() => new RefineTrainer(context)).toThrow(expect.objectContaining({ code }));
    refuse(contextOf({ batchSize: COUNT + 1 }), 'experiment/batch-too-large');
    refuse({ ...contextOf(), labelMap: [1, 0] }, 'map/wrong-size');
    refuse({ ...contextOf(), labelMap: [1, 1, 2, 3, 4] }, 'map/not-a-permutation');
    refuse(
      { ...contextOf({ firstChannels: 4 }), initialState: checkpoint.transform },
      'model/shape-mismatch',
    );
    refuse({ ...contextOf({ temperature: 1 }), resume: checkpoint }, 'train/checkpoint-mismatch');
    expect(tf.memory().numTensors).toBe(before);
  });

  it('surfaces an unreadable image', async () => {
    const split = noise();
    const broken = { ...split, read: () => Promise.reject(new Error('cat/3.png is broken')) };
    const trainer = new RefineTrainer(contextOf({}, broken));
    await expect(collect(trainer)).rejects.toThrow('cat/3.png is broken');
    trainer.dispose();
  });
});
