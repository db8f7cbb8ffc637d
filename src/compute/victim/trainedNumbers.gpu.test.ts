import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSplit } from '../../data/dataset';
import { RandomStream } from '../../data/random';
import { type OpenDevice, openDevice } from '../device/device';
import type { BoundNetwork } from '../nn/network';
import { buildTrainable } from '../nn/trainable';
import { tf } from '../tf';
import { ClassifierBatches } from './classifierBatches';
import { createPoisoner } from '../attacks/poisoner';
import { drawPlan } from '../attacks/poisonPlan';
import { victimTrainingSchema } from '../../protocol/training';
import { type ClassifierStep, ClassifierTrainer, type ClassifierTrainingContext } from './classifierTrainer';

const CLASSES = 3;
const SIDE = 4;

/** One convolution with batch-norm, a pool and a linear layer. */
const small: BoundNetwork = {
  id: 'small',
  label: 'small',
  inputShape: [SIDE, SIDE, 3],
  classes: CLASSES,
  forward: (ops, x) => {
    const spec = { filters: 8, kernel: 3, stride: 1, pad: 1, bias: false } as const;
    const features = ops.globalAveragePool(ops.convNorm(x, 'conv', 'norm', spec, { relu: true }));
    return { output: ops.linear(features, 'linear', CLASSES), features };
  },
};

/** Noise with one bright channel, which is the label. */
function coloured(count: number): ImageSplit {
  const random = new RandomStream(4, 99);
  const size = SIDE * SIDE * 3;
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const images = Uint8Array.from({ length: count * size }, (_, i) => {
    return random.below(120) + (i % 3 === labels[Math.floor(i / size)] ? 100 : 0);
  });
  return {
    count,
    labels,
    read: (indices) => {
      const rows = Array.from(indices, (index) => [...images.subarray(index * size, (index + 1) * size)]);
      return Promise.resolve(Uint8Array.from(rows.flat()));
    },
  };
}

const rates = { kind: 'sgd', learningRate: 0.1, momentum: 0.9, weightDecay: 0.0005 } as const;
const NORMALIZATION = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] } as const;

/** A training's context: `recipe` changes its settings, `change` the rest. */
function contextOf(
  recipe: Record<string, unknown> = {},
  change: Partial<ClassifierTrainingContext> = {},
): ClassifierTrainingContext {
  return {
    bound: small,
    split: coloured(62),
    height: SIDE,
    width: SIDE,
    normalization: { mean: [...NORMALIZATION.mean], std: [...NORMALIZATION.std] },
    poison: null,
    attack: null,
    settings: victimTrainingSchema.parse({
      optimizer: rates,
      schedule: { kind: 'constant' },
      augmentation: 'none',
      batchSize: 20,
      epochs: 6,
      ...recipe,
    }),
    seed: 5,
    logEverySteps: 1,
    ...change,
  };
}

async function train(
  recipe: Record<string, unknown> = {},
  change: Partial<ClassifierTrainingContext> = {},
  signal?: AbortSignal,
  onStep: (step: ClassifierStep) => void = () => undefined,
) {
  const context = contextOf(recipe, change);
  const trainer = new ClassifierTrainer(context);
  const steps: ClassifierStep[] = [];
  try {
    for await (const step of trainer.run(signal)) {
      steps.push(step);
      onStep(step);
    }
    return { steps, state: await trainer.network.stateDict(), context };
  } finally {
    trainer.dispose();
  }
}

let device: OpenDevice;
const gpuErrors: unknown[] = [];
beforeAll(async () => {
  device = await openDevice();
  device.onUncapturedError((error) => gpuErrors.push(error.detail));
});
afterAll(() => {
  device.close();
  expect(gpuErrors).toEqual([]);
});

describe('ClassifierTrainer, its numbers', () => {
  it('starts from the cross-entropy of its first batch and learns', async () => {
    const { steps, context } = await train();
    // Three batches of twenty out of 62 images, six times.
    expect(steps.map(({ step }) => step)).toEqual(Array.from({ length: 18 }, (_, i) => i + 1));
    expect(steps.map(({ epoch }) => epoch)).toEqual(Array.from({ length: 18 }, (_, i) => Math.floor(i / 3)));
    const { pixels, labels } = await new ClassifierBatches(
      { ...context, augmentation: 'none', batchSize: 20 },
      CLASSES,
    ).batch(0);
    const fresh = buildTrainable(small, { seed: 5 });
    const { output, features } = fresh.forward(tf.tensor4d(pixels, [20, SIDE, SIDE, 3]), 'train');
    const logits = (await output.array()) as number[][];
    tf.dispose([output, ...(features ? [features] : [])]);
    fresh.dispose();
    const losses = logits.map((row, i) => {
      return Math.log(row.reduce((sum, value) => sum + Math.exp(value), 0)) - row[labels[i]!]!;
    });
    expect(steps[0]!.loss).toBeCloseTo(losses.reduce((sum, value) => sum + value, 0) / 20, 5);
    expect(steps.at(-1)!.loss).toBeLessThan(0.3);
  });

  it('logs the mean since the last logged step, and follows the schedule', async () => {
    const each = (await train()).steps.map(({ loss }) => loss ?? NaN);
    const schedule = { kind: 'multistep' as const, milestones: [4], gamma: 0.1 };
    const { steps } = await train({ schedule }, { logEverySteps: 5 });
    const logged = steps.filter(({ loss }) => loss !== null);
    expect(logged.map(({ step }) => step)).toEqual([5, 10, 15, 18]);
    const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
    expect(logged[0]!.loss).toBeCloseTo(mean(each.slice(0, 5)), 4);
    expect(logged[1]!.loss).toBeCloseTo(mean(each.slice(5, 10)), 4);
    expect(steps.map(({ learningRate }) => learningRate.toFixed(3))).toEqual(
      steps.map(({ epoch }) => (epoch < 4 ? '0.100' : '0.010')),
    );
  });

  it('gives the same weights for the same seed, and leaves no tensor', async () => {
    const tensors = tf.memory().numTensors;
    const first = await train({ epochs: 2 });
    expect(tf.memory().numTensors).toBe(tensors);
    expect((await train({ epochs: 2 })).state).toEqual(first.state);
    expect((await train({ epochs: 2 }, { seed: 6 })).state).not.toEqual(first.state);
  });

  it('learns a backdoor from poisoned images', async () => {
    const shares = { target: 2, rate: 0.3, from: 'all', relabel: 'target' } as const;
    const plan = drawPlan('white', coloured(62).labels!, 5, shares);
    const poison = createPoisoner(plan, 5, (pixels, { role }) =>
      role === 'poison' ? pixels.fill(1) : pixels,
    );
    const trainer = new ClassifierTrainer(contextOf({ epochs: 20 }, { poison }));
    for await (const { loss } of trainer.run()) if (loss === null) throw new Error('every step is logged');
    const bright = tf.fill<tf.Rank.R4>([1, SIDE, SIDE, 3], 2);
    const { output, features } = trainer.network.forward(bright, 'eval');
    const [a, b, c] = await output.data();
    expect(c!).toBeGreaterThan(Math.max(a!, b!));
    tf.dispose([bright, output, ...(features ? [features] : [])]);
    trainer.dispose();
  });

  it('stops when asked to, and refuses a loss that is not a number', async () => {
    const tensors = tf.memory().numTensors;
    const controller = new AbortController();
    const stopped = train({}, {}, controller.signal, ({ step }) => {
      if (step === 2) controller.abort();
    });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    const wild = train({ optimizer: { ...rates, learningRate: 1e30 } });
    await expect(wild).rejects.toMatchObject({ code: 'train/non-finite-loss' });
    expect(tf.memory().numTensors).toBe(tensors);
  });
});
