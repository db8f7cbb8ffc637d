import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../data/random';
import type { ImageSplit } from '../../data/dataset';
import { parseExperiment } from '../../protocol/experiment';
import type { VictimTrainingSettings } from '../../protocol/training';
import { drawPlan } from '../attacks/poisonPlan';
import { createPoisoner } from '../attacks/poisoner';
import { type OpenDevice, openDevice } from '../device/device';
import { installKernels } from '../kernels/install';
import type { BoundNetwork } from '../nn/network';
import { tf } from '../tf';
import { decodeVictimCheckpoint, encodeVictimCheckpoint } from './classifierCheckpoint';
import { ClassifierTrainer, type ClassifierTrainingContext } from './classifierTrainer';

const CLASSES = 4;
const SIDE = 16;

const small: BoundNetwork = {
  id: 'small',
  label: 'small',
  inputShape: [SIDE, SIDE, 3],
  classes: CLASSES,
  forward: (ops, x) => {
    const spec = { filters: 4, kernel: 3, stride: 1, pad: 1, bias: false } as const;
    const features = ops.globalAveragePool(ops.convNorm(x, 'conv', 'norm', spec, { relu: true }));
    return { output: ops.linear(features, 'linear', CLASSES), features };
  },
};

/** Noise whose brightness is the label. */
function graded(count: number): ImageSplit {
  const random = new RandomStream(4, 99);
  const size = SIDE * SIDE * 3;
  const labels = Int32Array.from({ length: count }, (_, i) => i % CLASSES);
  const images = Uint8Array.from(
    { length: count * size },
    (_, i) => random.below(60) + 60 * (labels[Math.floor(i / size)] ?? 0),
  );
  return {
    count,
    labels,
    read: (indices) =>
      Promise.resolve(
        Uint8Array.from(
          Array.from(indices, (index) => [...images.subarray(index * size, (index + 1) * size)]).flat(),
        ),
      ),
  };
}

function settings(change: Record<string, unknown> = {}): VictimTrainingSettings {
  const { model } = parseExperiment({
    version: 1,
    name: 'made',
    model: {
      train: { schedule: { kind: 'constant' }, augmentation: 'flip', batchSize: 8, epochs: 3, ...change },
    },
    dataset: { path: 'x' },
    defense: { kind: 'refine' },
  });
  return model.train!;
}

function context(change: Partial<ClassifierTrainingContext> = {}): ClassifierTrainingContext {
  const split = graded(34);
  const plan = drawPlan('white', split.labels!, 5, { target: 1, rate: 0.2, from: 'all', relabel: 'target' });
  return {
    bound: small,
    split,
    height: SIDE,
    width: SIDE,
    normalization: { mean: [0.5, 0.4, 0.3], std: [0.25, 0.2, 0.3] },
    channelOrder: 'BGR',
    poison: createPoisoner(plan, 5, (pixels, { role }) => (role === 'poison' ? pixels.fill(1) : pixels)),
    attack: { kind: 'white' },
    settings: settings(),
    seed: 5,
    logEverySteps: 1,
    ...change,
  };
}

async function losses(trainer: ClassifierTrainer, upTo = Infinity): Promise<number[]> {
  const seen: number[] = [];
  const events = trainer.run();
  while (trainer.step < upTo) {
    const { value, done } = await events.next();
    if (done) break;
    seen.push(value.loss ?? NaN);
  }
  await events.return(undefined);
  return seen;
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

const ways = [
  ['an ordinary training', settings()],
  ['the adaptive attacker', settings({ adaptive: { gamma: 0.5, firstChannels: 2 } })],
  ['Adam over maxSteps', settings({ optimizer: { kind: 'adam', learningRate: 0.01 }, maxSteps: 7 })],
] as const;

describe('ClassifierTrainer', () => {
  it.each(ways)('%s goes on from a checkpoint bit for bit, and leaves no tensor', async (_name, way) => {
    const tensors = tf.memory().numTensors;
    const whole = new ClassifierTrainer(context({ settings: way }));
    expect(whole.totalSteps).toBe(way.maxSteps ?? 12);
    const expected = await losses(whole);
    const weights = await whole.network.stateDict();
    whole.dispose();

    const first = new ClassifierTrainer(context({ settings: way }));
    const before = await losses(first, 5);
    const bytes = encodeVictimCheckpoint({
      stage: 'victim',
      surrogate: null,
      training: await first.checkpoint(),
    });
    first.dispose();
    const resume = decodeVictimCheckpoint(bytes).training;
    const second = new ClassifierTrainer(context({ settings: way, resume }));
    expect(second.step).toBe(5);
    expect([...before, ...(await losses(second))]).toEqual(expected);
    expect(await second.network.stateDict()).toEqual(weights);
    second.dispose();
    expect(tf.memory().numTensors).toBe(tensors);
  });

  it.each([ways[0], ways[1]])(
    'with our kernels %s compiles its shaders ahead and changes no number by it',
    async (_name, way) => {
      const installed = installKernels(device.backend);
      const forward: BoundNetwork['forward'] = (ops, x) => {
        const spec = { filters: 4, kernel: 3, stride: 1, pad: 1, bias: false } as const;
        const normed = ops.convNorm(x, 'conv', 'norm', spec, { relu: true });
        const features = ops.globalAveragePool(ops.dropout(normed, 0.25));
        return { output: ops.linear(features, 'linear', CLASSES), features };
      };
      const run = async (compileAhead: boolean) => {
        const bound = { ...small, forward };
        const trainer = new ClassifierTrainer(context({ settings: way, bound, compileAhead }));
        let [done, total] = [0, 0];
        await trainer.compile((...told) => ([done, total] = told));
        const result = { losses: await losses(trainer, 4), checkpoint: await trainer.checkpoint() };
        trainer.dispose();
        return { ...result, done, total };
      };
      const ahead = await run(true);
      const late = await run(false);
      installed.uninstall();
      expect(ahead.total).toBeGreaterThan(5);
      expect(ahead.done).toBe(ahead.total);
      expect(late.total).toBe(0);
      expect(ahead.losses).toEqual(late.losses);
      expect(ahead.checkpoint).toEqual(late.checkpoint);
    },
  );

  it('takes another loss with the attacker than without, from the first step on', async () => {
    const plain = new ClassifierTrainer(context());
    const adaptive = new ClassifierTrainer(
      context({ settings: settings({ adaptive: { gamma: 1, firstChannels: 2 } }) }),
    );
    const off = new ClassifierTrainer(
      context({ settings: settings({ adaptive: { gamma: 0, firstChannels: 2 } }) }),
    );
    const [a, b, c] = [await losses(plain, 1), await losses(adaptive, 1), await losses(off, 1)];
    // The REFINE term is a cross-entropy over four classes and a contrastive loss: well above nothing.
    expect(b[0]! - a[0]!).toBeGreaterThan(0.5);
    expect(c[0]).toBeCloseTo(a[0]!, 6);
    for (const trainer of [plain, adaptive, off]) trainer.dispose();
  });

  it('refuses a checkpoint of another attack, seed or recipe', async () => {
    const trainer = new ClassifierTrainer(context());
    await losses(trainer, 1);
    const resume = await trainer.checkpoint();
    trainer.dispose();
    const refusal = { code: 'train/checkpoint-mismatch' };
    expect(() => new ClassifierTrainer(context({ resume, attack: null }))).toThrow(
      expect.objectContaining(refusal),
    );
    expect(() => new ClassifierTrainer(context({ resume, seed: 6 }))).toThrow(
      expect.objectContaining(refusal),
    );
    const other = settings({ augmentation: 'none' });
    expect(() => new ClassifierTrainer(context({ resume, settings: other }))).toThrow(
      expect.objectContaining(refusal),
    );
    const longer = new ClassifierTrainer(context({ resume, settings: settings({ epochs: 9 }) }));
    expect(longer.totalSteps).toBe(36);
    longer.dispose();
  });
});
