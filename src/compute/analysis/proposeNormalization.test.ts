import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ImageDataset } from '../../data/dataset';
import { PURPOSE, RandomStream } from '../../data/random';
import type { FrozenClassifier } from '../nn/types';
import { tf } from '../tf';
import { proposeNormalization } from './proposeNormalization';

/** 120 random 1x1 images; the label says in which quarter of [0,1] the red value lies. */
const pixels = Uint8Array.from({ length: 360 }, (_, i) => new RandomStream(3, PURPOSE.sample, i).below(256));
const labels = Int32Array.from({ length: 120 }, (_, i) => Math.floor((pixels[i * 3]! / 256) * 4));
const dataset: ImageDataset = {
  name: 'random',
  format: 'drawn',
  classNames: ['a', 'b', 'c', 'd'],
  height: 1,
  width: 1,
  train: {
    count: 120,
    labels,
    read: (indices) =>
      Promise.resolve(
        Uint8Array.from(Array.from(indices, (i) => [...pixels.slice(i * 3, i * 3 + 3)]).flat()),
      ),
  },
  test: null,
};
const statistics = { mean: [0.1, 0.2, 0.3], std: [0.7, 0.8, 0.9] } as const;

/** Right exactly when its input is (red - mean) / std at the given channel. */
function classifier(channel: number, mean: number, std: number): FrozenClassifier {
  return {
    classes: 4,
    bound: {} as FrozenClassifier['bound'],
    largestWeight: 1,
    largestValue: () => 1,
    dispose: () => undefined,
    forward: (x) => {
      const value = tf.slice(tf.reshape(x, [-1, 3]), [0, channel], [-1, 1]);
      const quarter = tf.floor(tf.mul(tf.add(tf.mul(value, std), mean), 4 * (255 / 256)));
      const logits = tf.neg(tf.square(tf.sub(quarter, tf.tensor2d([[0, 1, 2, 3]]))));
      return { logits: logits as tf.Tensor2D, features: logits as tf.Tensor2D };
    },
  };
}

let tensors = 0;
beforeAll(async () => {
  await tf.setBackend('cpu');
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const options = {
  dataset,
  statistics,
  channelOrder: null,
  sample: 120,
  batchSize: 50,
  seed: 1,
} as const;

describe('proposeNormalization', () => {
  it.each([
    ['cifar10-rgb', 0, 0.4914, 0.2023],
    ['imagenet-bgr', 2, 0.406, 0.225],
    ['half-rgb', 0, 0.5, 0.5],
    ['none-bgr', 2, 0, 1],
    ['own-rgb', 0, 0.1, 0.7],
    // The model saw blue, green, red and the data set's statistics in that order: red's are its third.
    ['own-bgr', 2, 0.1, 0.7],
  ])('finds %s', async (id, channel, mean, std) => {
    const seen: number[] = [];
    const proposal = await proposeNormalization({
      ...options,
      classifier: classifier(channel, mean, std),
      onProgress: (done, total) => seen.push(done, total),
    });
    const best = proposal.candidates[proposal.best ?? -1];
    expect(best?.id).toBe(id);
    expect(best).toMatchObject({ accuracy: 1, sample: 120 });
    expect(proposal.candidates).toHaveLength(10);
    expect(seen.slice(-2)).toEqual([10, 10]);
  });

  it('tries only the order that was asked for, on as many images as were asked for', async () => {
    const proposal = await proposeNormalization({
      ...options,
      classifier: classifier(0, 0.5, 0.5),
      channelOrder: 'BGR',
      sample: 40,
    });
    expect(proposal.candidates.map((candidate) => candidate.channelOrder)).toEqual(Array(5).fill('BGR'));
    expect(proposal.candidates[0]?.sample).toBe(40);
  });

  it('proposes nothing without labels, and refuses labels of another model', async () => {
    const unlabelled = { ...dataset, train: { ...dataset.train, labels: null } };
    const proposal = await proposeNormalization({
      ...options,
      dataset: unlabelled,
      classifier: classifier(0, 0, 1),
    });
    expect(proposal.best).toBeNull();
    expect(proposal.candidates).toHaveLength(10);
    const small = { ...classifier(0, 0, 1), classes: 3 };
    await expect(proposeNormalization({ ...options, classifier: small })).rejects.toMatchObject({
      code: 'dataset/bad-labels',
    });
  });
});
