import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../data/random';
import type { ImageSplit } from '../../data/dataset';
import { blackBoxSchema, surrogateTraining } from '../../protocol/blackBox';
import { type OpenDevice, openDevice } from '../device/device';
import type { BoundNetwork } from '../nn/network';
import { buildTrainable } from '../nn/trainable';
import { tf } from '../tf';
import { decodeVictimCheckpoint, encodeVictimCheckpoint } from '../victim/classifierCheckpoint';
import { ClassifierTrainer, type ClassifierTrainingContext } from '../victim/classifierTrainer';
import type { BlackBox } from './blackBox';
import { ConfidenceCache } from './confidenceCache';
import { distillationGradients } from './distillationGradients';

const SIDE = 8;
const IMAGE = SIDE * SIDE * 3;
const COUNT = 26;

const small: BoundNetwork = {
  id: 'small',
  label: 'small',
  inputShape: [SIDE, SIDE, 3],
  classes: 2,
  forward: (ops, x) => {
    const spec = { filters: 4, kernel: 3, stride: 1, pad: 1, bias: false } as const;
    const features = ops.globalAveragePool(ops.convNorm(x, 'conv', 'norm', spec, { relu: true }));
    return { output: ops.linear(features, 'linear', 2), features };
  },
};

/** Noise of many brightnesses, without labels. */
function unlabelled(): ImageSplit {
  const random = new RandomStream(7, 99);
  const images = Uint8Array.from(
    { length: COUNT * IMAGE },
    (_, i) => random.below(40) + 8 * Math.floor(i / IMAGE),
  );
  return {
    count: COUNT,
    labels: null,
    read: (indices) =>
      Promise.resolve(
        Uint8Array.from(
          Array.from(indices).flatMap((at) => [...images.subarray(at * IMAGE, (at + 1) * IMAGE)]),
        ),
      ),
  };
}

/** Its confidence in class 1 follows the image's mean brightness. */
function brightness() {
  const asked: number[] = [];
  const box: BlackBox = {
    label: 'brightness',
    classes: 2,
    confidences(pixels, count) {
      const values = new Float32Array(2 * count);
      for (let i = 0; i < count; i++) {
        const mean = pixels.subarray(i * IMAGE, (i + 1) * IMAGE).reduce((a, b) => a + b, 0) / IMAGE;
        asked.push(mean);
        values[2 * i + 1] = 1 / (1 + Math.exp(-12 * (mean - 0.45)));
        values[2 * i] = 1 - (values[2 * i + 1] ?? 0);
      }
      return Promise.resolve(values);
    },
    close: () => Promise.resolve(),
  };
  return { box, asked };
}

function context(teacher: ConfidenceCache, change: object = {}): ClassifierTrainingContext {
  const { distil } = blackBoxSchema.parse({
    path: 'x.onnx',
    distil: {
      optimizer: { kind: 'adam', learningRate: 0.03 },
      schedule: { kind: 'constant' },
      batchSize: 8,
      epochs: 12,
      ...change,
    },
  });
  return {
    bound: small,
    split: unlabelled(),
    height: SIDE,
    width: SIDE,
    normalization: { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] },
    poison: null,
    attack: { blackBox: 'brightness' },
    settings: surrogateTraining(distil),
    seed: 3,
    logEverySteps: 1,
    teacher,
  };
}

let device: OpenDevice;
beforeAll(async () => {
  device = await openDevice();
});
afterAll(() => device.close());

async function losses(trainer: ClassifierTrainer, stopAt = Infinity): Promise<number[]> {
  const found: number[] = [];
  for await (const { step, loss } of trainer.run()) {
    found.push(loss ?? NaN);
    if (step >= stopAt) break;
  }
  return found;
}

describe('distilling a surrogate', () => {
  it('asks about each image once and comes closer to the black box', async () => {
    const { box, asked } = brightness();
    const cache = new ConfidenceCache(box, COUNT);
    const trainer = new ClassifierTrainer(context(cache));
    const curve = await losses(trainer);
    expect(curve.length).toBe(12 * 3);
    const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
    expect(mean(curve.slice(-6))).toBeLessThan(0.3 * mean(curve.slice(0, 3)));
    expect(cache.asked).toBe(asked.length);
    expect(new Set(asked).size).toBe(asked.length);
    expect(asked.length).toBeGreaterThanOrEqual(24);
    trainer.dispose();
  });

  it('goes on from a checkpoint with the same losses, and does not ask again what it was told', async () => {
    const whole = new ClassifierTrainer(context(new ConfidenceCache(brightness().box, COUNT)));
    const expected = await losses(whole, 7);
    whole.dispose();
    const cache = new ConfidenceCache(brightness().box, COUNT);
    const first = new ClassifierTrainer(context(cache));
    await losses(first, 4);
    const training = await first.checkpoint();
    const bytes = encodeVictimCheckpoint({
      stage: 'victim',
      surrogate: null,
      training,
      confidences: cache.values,
    });
    first.dispose();
    const kept = decodeVictimCheckpoint(bytes);
    const { box, asked } = brightness();
    const resumed = new ConfidenceCache(box, COUNT, kept.confidences);
    const told = resumed.asked;
    expect(told).toBe(cache.asked);
    const second = new ClassifierTrainer({ ...context(resumed), resume: kept.training });
    const rest = await losses(second, 7);
    rest.forEach((loss, i) => expect(loss).toBeCloseTo(expected[4 + i]!, 6));
    expect(asked.length).toBe(resumed.asked - told);
    second.dispose();
    expect(() => new ConfidenceCache(box, COUNT + 1, kept.confidences)).toThrow(/checkpoint holds/);
  });

  it('has the loss and the gradient of a mean squared difference of softmax', async () => {
    const network = buildTrainable(small, { seed: 11 });
    const { split } = { split: unlabelled() };
    const indices = Uint32Array.from([0, 9, 17, 25]);
    const raw = Float32Array.from(await split.read(indices), (value) => value / 128 - 1);
    const targets = Float32Array.from([0.9, 0.1, 0.2, 0.8, 0.5, 0.5, 0, 1]);
    const batch = { pixels: raw, labels: new Int32Array(4), targets };
    const size = { height: SIDE, width: SIDE };
    const bias = network.parameters.get('linear.bias')!;
    const logits = tf.tidy(() => network.forward(tf.tensor4d(raw, [4, SIDE, SIDE, 3]), 'train').output);
    const values = [...(await logits.data())];
    logits.dispose();
    // In float64, from the logits; the bias shifts them.
    const lossAt = (shift: readonly [number, number]): number => {
      let sum = 0;
      for (let i = 0; i < 4; i++) {
        const a = Math.exp((values[2 * i] ?? 0) + shift[0]);
        const b = Math.exp((values[2 * i + 1] ?? 0) + shift[1]);
        sum += (a / (a + b) - targets[2 * i]!) ** 2 + (b / (a + b) - targets[2 * i + 1]!) ** 2;
      }
      return sum / 8;
    };
    const { loss, victim } = distillationGradients(network, batch, size);
    expect((await loss.data())[0]).toBeCloseTo(lossAt([0, 0]), 6);
    const gradient = [...(await victim.get('linear.bias')!.data())];
    const h = 1e-5;
    expect(gradient[0]).toBeCloseTo((lossAt([h, 0]) - lossAt([-h, 0])) / (2 * h), 5);
    expect(gradient[1]).toBeCloseTo((lossAt([0, h]) - lossAt([0, -h])) / (2 * h), 5);
    expect(Math.abs(gradient[0]!)).toBeGreaterThan(1e-3);
    expect(bias.shape).toEqual([2]);
    tf.dispose([loss, ...victim.values()]);
    network.dispose();
  });
});
