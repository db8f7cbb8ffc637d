import { describe, expect, it } from 'vitest';
import { batchIndices, epochOrder } from '../../data/batches';
import type { ImageSplit } from '../../data/dataset';
import { createPoisoner } from '../attacks/poisoner';
import { drawPlan } from '../attacks/poisonPlan';
import { type BatchSettings, ClassifierBatches } from './classifierBatches';

const COUNT = 20;

/** Image i is one pixel of levels i, 2i, 3i; its label is i mod 4. */
const split: ImageSplit = {
  count: COUNT,
  labels: Int32Array.from({ length: COUNT }, (_, i) => i % 4),
  read: (indices) =>
    Promise.resolve(Uint8Array.from(Array.from(indices, (index) => [index, 2 * index, 3 * index]).flat())),
};

/** A quarter poisoned, turned white; a tenth covers, turned black with their labels kept; clean images darkened a little. */
const plan = drawPlan('white', split.labels!, 9, {
  target: 3,
  rate: 0.25,
  coverRate: 0.1,
  from: 'all',
  relabel: 'target',
});
const poison = createPoisoner(plan, 9, (pixels, { role }) => {
  if (role === 'clean') return pixels.map((value) => value * 0.5);
  return pixels.fill(role === 'poison' ? 1 : 0);
});

const settings = (change: Partial<BatchSettings> = {}): BatchSettings => ({
  split,
  height: 1,
  width: 1,
  normalization: { mean: [0.5, 0.25, 0], std: [0.5, 0.25, 2] },
  poison,
  augmentation: 'none',
  batchSize: 6,
  seed: 9,
  ...change,
});

describe('ClassifierBatches', () => {
  it('changes every image as the poisoner says, relabels the poisoned ones alone, and normalises all', async () => {
    const batches = new ClassifierBatches(settings(), 4);
    expect(batches.stepsPerEpoch).toBe(3);
    let triggered = 0;
    let covered = 0;
    for (const step of [0, 1, 2, 3, 4, 5]) {
      const indices = batchIndices(epochOrder(COUNT, 9, Math.floor(step / 3)), 6, step % 3);
      const { pixels, labels, targets } = await batches.batch(step);
      expect(labels.length).toBe(6);
      indices.forEach((index, i) => {
        const white = plan.poison.includes(index);
        const black = plan.cover.includes(index);
        if (white) triggered++;
        if (black) covered++;
        const level = (times: number) => (white ? 1 : black ? 0 : (0.5 * times * index) / 255);
        expect(pixels[3 * i]).toBeCloseTo((level(1) - 0.5) / 0.5, 6);
        expect(pixels[3 * i + 1]).toBeCloseTo((level(2) - 0.25) / 0.25, 6);
        expect(pixels[3 * i + 2]).toBeCloseTo(level(3) / 2, 6);
        const label = white ? 3 : index % 4;
        expect(labels[i]).toBe(label);
        expect([...targets.subarray(4 * i, 4 * i + 4)]).toEqual(
          [0, 1, 2, 3].map((k) => (k === label ? 1 : 0)),
        );
      });
    }
    expect(triggered).toBeGreaterThan(5);
    expect(covered).toBeGreaterThan(1);
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
    const half = { ...split, count: 10, labels: split.labels!.slice(0, 10) };
    expect(() => new ClassifierBatches(settings({ split: half }), 4)).toThrow('planned for 20 images');
  });
});
