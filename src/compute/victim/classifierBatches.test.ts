import { describe, expect, it } from 'vitest';
import { batchIndices, epochOrder } from '../../data/batches';
import type { ImageSplit } from '../../data/dataset';
import type { Trigger } from '../attacks/attack';
import { type BatchSettings, ClassifierBatches, poisonedImages } from './classifierBatches';

const COUNT = 20;

/** Image i is one pixel of levels i, 2i, 3i; its label is i mod 4. */
const split: ImageSplit = {
  count: COUNT,
  labels: Int32Array.from({ length: COUNT }, (_, i) => i % 4),
  read: (indices) =>
    Promise.resolve(Uint8Array.from(Array.from(indices, (index) => [index, 2 * index, 3 * index]).flat())),
};

/** Turns a pixel white. */
const trigger: Trigger = { label: 'white', apply: (pixels) => pixels.map(() => 1) };

const settings = (change: Partial<BatchSettings> = {}): BatchSettings => ({
  split,
  height: 1,
  width: 1,
  normalization: { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] },
  poison: { trigger, target: 3, rate: 0.25 },
  augmentation: 'none',
  batchSize: 6,
  seed: 9,
  ...change,
});

describe('poisonedImages', () => {
  it('takes the given share, seeded', () => {
    const poisoned = poisonedImages(1000, 0.1, 1);
    expect(poisoned.reduce((sum, value) => sum + value, 0)).toBe(100);
    expect(poisonedImages(1000, 0.1, 1)).toEqual(poisoned);
    expect(poisonedImages(1000, 0.1, 2)).not.toEqual(poisoned);
    // Uniform over all: about half of them in the first half.
    expect(Math.abs(poisoned.subarray(0, 500).reduce((sum, value) => sum + value, 0) - 50)).toBeLessThan(20);
  });
});

describe('ClassifierBatches', () => {
  it('triggers and relabels the poisoned images, and normalises all', async () => {
    const batches = new ClassifierBatches(settings(), 4);
    const poisoned = poisonedImages(COUNT, 0.25, 9);
    expect(batches.stepsPerEpoch).toBe(3);
    let triggered = 0;
    for (const step of [0, 1, 2, 3, 4, 5]) {
      const indices = batchIndices(epochOrder(COUNT, 9, Math.floor(step / 3)), 6, step % 3);
      const { pixels, labels, targets } = await batches.batch(step);
      expect(labels.length).toBe(6);
      indices.forEach((index, i) => {
        const white = poisoned[index] === 1;
        if (white) triggered++;
        const [red, green, blue] = white ? [1, 1, 1] : [index / 255, (2 * index) / 255, (3 * index) / 255];
        expect(pixels[3 * i]).toBeCloseTo((red - 0.5) / 0.5, 6);
        expect(pixels[3 * i + 1]).toBeCloseTo((green - 0.25) / 0.25, 6);
        expect(pixels[3 * i + 2]).toBeCloseTo(blue / 2, 6);
        const label = white ? 3 : index % 4;
        expect(labels[i]).toBe(label);
        expect([...targets.subarray(4 * i, 4 * i + 4)]).toEqual(
          [0, 1, 2, 3].map((k) => (k === label ? 1 : 0)),
        );
      });
    }
    expect(triggered).toBeGreaterThan(5);
  });

  it('gives a step the same batch whatever was asked for before', async () => {
    const fresh = await new ClassifierBatches(settings(), 4).batch(4);
    const used = new ClassifierBatches(settings(), 4);
    await used.batch(0);
    expect(await used.batch(4)).toEqual(fresh);
  });

  it('leaves honest data honest', async () => {
    const { labels } = await new ClassifierBatches(settings({ poison: null, batchSize: COUNT }), 4).batch(0);
    expect(labels.filter((label) => label === 3).length).toBe(5);
  });

  it('refuses data it cannot learn from', () => {
    const unlabelled = { ...split, labels: null };
    expect(() => new ClassifierBatches(settings({ split: unlabelled }), 4)).toThrow('images with labels');
    expect(() => new ClassifierBatches(settings(), 3)).toThrow(
      'the label 3, but the classifier has 3 classes',
    );
    expect(() => new ClassifierBatches(settings({ batchSize: 21 }), 4)).toThrow('choose 20 or less');
  });
});
