import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RandomStream } from '../../data/random';
import { openDevice, type OpenDevice } from '../device/device';
import { initialState } from '../nn/initialise';
import type { BoundNetwork } from '../nn/network';
import { traceNetwork } from '../nn/trace';
import { tf } from '../tf';
import { createVictim, type Victim } from '../victim/victim';
import { atOnce, type Turn } from '../device/turn';
import type { TriggerContext } from './attack';
import { labelConsistent } from './labelConsistent';
import { pgd, type PgdOptions } from './pgd';

const CLASSES = 3;
const SIDE = 4;
const SIZE = { height: SIDE, width: SIDE };
const IMAGE = SIDE * SIDE * 3;
const MEAN = [0.5, 0.4, 0.3] as const;
const STD = [0.25, 0.05, 0.5] as const;

/** Linear in the channel means: what PGD does to it can be followed by hand. */
const linear: BoundNetwork = {
  id: 'linear',
  label: 'linear',
  inputShape: [SIDE, SIDE, 3],
  classes: CLASSES,
  forward: (ops, x) => {
    const features = ops.globalAveragePool(x);
    return { output: ops.linear(features, 'linear', CLASSES), features };
  },
};
const state = initialState(traceNetwork(linear).tensors, 8);

let device: OpenDevice;
let victim: Victim;
beforeAll(async () => {
  device = await openDevice();
  victim = createVictim(linear, state, {
    normalization: { mean: [...MEAN], std: [...STD] },
    channelOrder: 'RGB',
  });
});
afterAll(() => {
  victim.dispose();
  device.close();
});

const random = new RandomStream(3, 99);
const COUNT = 6;
const levels = Uint8Array.from({ length: COUNT * IMAGE }, () => random.below(256));
const pixels = Float32Array.from(levels, (level) => level / 255);
const labels = Int32Array.from({ length: COUNT }, (_, i) => i % CLASSES);
const options: PgdOptions = { epsilon: 8 / 255, stepSize: 1.5 / 255, steps: 20, input: 'trained' };

const weights = (key: string) => {
  const tensor = state.get(key);
  if (!tensor) throw new Error(`no ${key}`);
  return Array.from(tensor.data as Float32Array, Number);
};

/** Softmax minus one-hot of the linear classifier, in float64. */
function residual(image: readonly number[], label: number, normalised: boolean): number[] {
  const w = weights('linear.weight');
  const b = weights('linear.bias');
  const means = [0, 1, 2].map((c) => {
    const sum = image.reduce((total, value, i) => total + (i % 3 === c ? value : 0), 0) / (SIDE * SIDE);
    return normalised ? (sum - MEAN[c]!) / STD[c]! : sum;
  });
  const logits = b.map((bias, k) => bias + means.reduce((sum, mean, c) => sum + w[k * 3 + c]! * mean, 0));
  const top = Math.max(...logits);
  const sum = logits.reduce((total, logit) => total + Math.exp(logit - top), 0);
  return logits.map((logit, k) => Math.exp(logit - top) / sum - (k === label ? 1 : 0));
}

/** The same attack on one image in float64: the gradient of a channel is W^T (softmax - onehot) over std and area. */
function byHand(image: readonly number[], label: number, normalised: boolean, o: PgdOptions): number[] {
  const w = weights('linear.weight');
  let current = [...image];
  for (let step = 0; step < o.steps; step++) {
    const r = residual(current, label, normalised);
    const slopes = [0, 1, 2].map((c) => r.reduce((sum, value, k) => sum + value * w[k * 3 + c]!, 0));
    current = current.map((value, i) => {
      const moved = value + o.stepSize * Math.sign(slopes[i % 3]!);
      return Math.min(1, image[i]! + o.epsilon, Math.max(0, image[i]! - o.epsilon, moved));
    });
  }
  return current;
}

const imageAt = (values: ArrayLike<number>, i: number) =>
  Array.from(values).slice(i * IMAGE, (i + 1) * IMAGE);
const lossOf = (values: ArrayLike<number>) =>
  Array.from({ length: COUNT }, (_, i) => {
    const label = labels[i]!;
    return -Math.log(1 + residual(imageAt(values, i), label, true)[label]!);
  });

describe('pgd', () => {
  it.each(['trained', 'pixels'] as const)('does what float64 does by hand (%s)', async (input) => {
    const before = tf.memory().numTensors;
    const got = await pgd(victim, pixels, SIZE, labels, { ...options, input });
    expect(tf.memory().numTensors).toBe(before);
    for (let i = 0; i < COUNT; i++) {
      const wanted = byHand(imageAt(pixels, i), labels[i]!, input === 'trained', { ...options, input });
      const worst = Math.max(...imageAt(got, i).map((value, j) => Math.abs(value - wanted[j]!)));
      expect(worst).toBeLessThan(1e-5);
    }
  });

  it('raises the loss, within the ball and within [0,1]', async () => {
    const got = await pgd(victim, pixels, SIZE, labels, options);
    const before = lossOf(pixels);
    lossOf(got).forEach((loss, i) => expect(loss).toBeGreaterThan(before[i]!));
    const changes = Array.from(got, (value, i) => Math.abs(value - pixels[i]!));
    expect(Math.max(...changes)).toBeLessThanOrEqual(8 / 255 + 1e-6);
    expect(Math.max(...changes)).toBeGreaterThan(7.9 / 255);
    expect(Math.min(...got)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...got)).toBeLessThanOrEqual(1);
  });

  it('stops when asked to, leaving nothing behind', async () => {
    const before = tf.memory().numTensors;
    const signal = AbortSignal.abort();
    await expect(pgd(victim, pixels, SIZE, labels, { ...options, signal })).rejects.toThrow('stopped');
    expect(tf.memory().numTensors).toBe(before);
  });
});

describe('label-consistent', () => {
  const context: TriggerContext = {
    ...SIZE,
    classes: CLASSES,
    target: 1,
    seed: 5,
    image: () => Promise.reject(new Error('no image was asked for')),
  };
  const split = {
    count: COUNT,
    labels,
    read: (indices: Uint32Array) =>
      Promise.resolve(Uint8Array.from(Array.from(indices, (index) => imageAt(levels, index)).flat())),
  };

  it('trains on perturbed images of the target class with the trigger on top', async () => {
    const attack = await labelConsistent.prepare({ rate: 1, size: 2, steps: 20 }, context);
    expect(attack.surrogate).toEqual({ path: null, warmStart: false });
    const plan = attack.plan(labels, 1);
    expect([[...plan.poison].sort(), plan.relabel]).toEqual([[1, 4], 'keep']);
    const seen: number[][] = [];
    const poisoner = await attack.poisoner(plan, { split, seed: 3 });
    const everything = Uint32Array.from(labels, (_, i) => i);
    expect(() => poisoner.apply(pixels.slice(), everything, 0)).toThrow('not perturbed yet');
    expect(poisoner.groundwork?.complete).toBe(false);
    await poisoner.groundwork?.run(victim, {
      turn: atOnce,
      signal: new AbortController().signal,
      onProgress: (done, total) => seen.push([done, total]),
    });
    expect(poisoner.groundwork?.complete).toBe(true);
    expect(seen).toEqual([
      [0, 2],
      [2, 2],
    ]);
    const batch = pixels.slice();
    poisoner.apply(batch, everything, 0);
    for (let i = 0; i < COUNT; i++) {
      const poisoned = i === 1 || i === 4;
      const wanted = poisoned ? byHand(imageAt(pixels, i), 1, true, options) : imageAt(pixels, i);
      const shown = Float32Array.from(wanted, (value) =>
        poisoned ? Math.floor(value * 255 + 1e-3) / 255 : value,
      );
      const whole = poisoned ? attack.apply(shown, 1) : shown;
      imageAt(batch, i).forEach((value, j) => expect(Math.abs(value - whole[j]!)).toBeLessThan(1.01 / 255));
    }
  });

  it('needs a surrogate and images of the target class', async () => {
    const attack = await labelConsistent.prepare({ rate: 1, size: 2 }, context);
    const plan = attack.plan(labels, 1);
    const { groundwork } = await attack.poisoner(plan, { split, seed: 3 });
    const work = { turn: atOnce, signal: new AbortController().signal, onProgress: () => undefined };
    await expect(groundwork?.run(null, work)).rejects.toThrow('wants a classifier');
    expect(() =>
      attack.plan(
        labels.map(() => 0),
        1,
      ),
    ).toThrow('target class 1, and the training data has none');
  });

  it('gives the device up between two steps, stops between two batches, and goes on to the same bytes', async () => {
    // 120 images of the target class: three batches.
    const many = Int32Array.from({ length: 120 }, () => 1);
    const all = {
      count: 120,
      labels: many,
      read: (indices: Uint32Array) =>
        Promise.resolve(
          Uint8Array.from(
            Array.from(indices, (index) =>
              imageAt(levels, index % COUNT).map((level) => (level + index) % 256),
            ).flat(),
          ),
        ),
    };
    const attack = await labelConsistent.prepare({ rate: 0.9, size: 2, steps: 4 }, context);
    const plan = attack.plan(many, 1);
    const before = tf.memory().numTensors;
    const whole = (await attack.poisoner(plan, { split: all, seed: 3 })).groundwork!;
    let turns = 0;
    const counted: Turn = (job) => {
      turns += 1;
      return job();
    };
    const { signal } = new AbortController();
    await whole.run(victim, { turn: counted, signal, onProgress: () => undefined });
    // To set up, for each step, and to read back.
    expect(turns).toBe(3 * (1 + 4 + 1));

    const half = (await attack.poisoner(plan, { split: all, seed: 3 })).groundwork!;
    const abort = new AbortController();
    const onProgress = (done: number) => {
      if (done === 50) abort.abort();
    };
    const stopped = half.run(victim, { turn: atOnce, signal: abort.signal, onProgress });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect([half.complete, half.done.length]).toEqual([false, 50 * IMAGE]);
    const kept = half.done.slice();
    const rest = (await attack.poisoner(plan, { split: all, seed: 3, groundwork: kept })).groundwork!;
    const seen: number[] = [];
    await rest.run(victim, { turn: atOnce, signal, onProgress: (done) => seen.push(done) });
    expect(seen).toEqual([50, 100, 108]);
    expect(rest.done).toEqual(whole.done);
    expect(tf.memory().numTensors).toBe(before);
  });
});
