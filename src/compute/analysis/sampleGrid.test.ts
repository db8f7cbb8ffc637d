import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ImageSplit } from '../../data/dataset';
import type { PreparedDefense } from '../defenses/defense';
import { tf } from '../tf';
import { chooseImages, sampleGrid, toBytes } from './sampleGrid';

const CLASSES = 3;

/** 2x1 images: image i is i in every byte. Labels go 0, 0, 0, 1, 1, 2. */
const LABELS = [0, 0, 0, 1, 1, 2];
const split: ImageSplit = {
  count: LABELS.length,
  labels: Int32Array.from(LABELS),
  read: (indices) =>
    Promise.resolve(Uint8Array.from(Array.from(indices, (index) => Array(6).fill(index)).flat())),
};

/** Probability 0.5 for the class that the first byte names modulo 3, the rest shared. */
const original = (pixels: tf.Tensor4D): tf.Tensor2D =>
  tf.tidy(() => {
    const first = tf.round(tf.mul(tf.reshape(tf.slice(pixels, [0, 0, 0, 0], [-1, 1, 1, 1]), [-1]), 255));
    const hot = tf.oneHot(tf.cast(tf.mod(first, CLASSES), 'int32'), CLASSES);
    return tf.add(tf.mul(hot, 0.25), 0.25);
  });

const defense: PreparedDefense = {
  label: 'inverts',
  purify: (pixels) => tf.sub(1, pixels),
  predict: (pixels) => tf.tidy(() => tf.reverse(original(pixels), 1)),
  features: () => tf.zeros([1, 1]),
  dispose: () => undefined,
};

let tensors = 0;
beforeAll(async () => {
  await tf.setBackend('cpu');
  tensors = tf.memory().numTensors;
});
afterEach(() => {
  expect(tf.memory().numTensors).toBe(tensors);
});

const options = {
  step: 7,
  dataset: { height: 2, width: 1 },
  split,
  count: 4,
  seed: 5,
  trigger: { label: '+9', apply: (pixels: Float32Array) => pixels.map((value) => value + 9 / 255) },
  original,
  defense,
};

describe('sampleGrid', () => {
  it('shows the same images four ways, each with its label and the probability of that label', async () => {
    const indices = chooseImages(split, 4, 5);
    const grid = await sampleGrid(options);
    expect(grid.step).toBe(7);
    expect(grid.labels).toEqual(indices.map((index) => LABELS[index]));
    expect(grid.rows.map((row) => row.kind)).toEqual([
      'clean',
      'triggered',
      'transformed-clean',
      'transformed-triggered',
    ]);
    const first = grid.rows.map((row) => indices.map((_, i) => row.images.pixels[i * 6]));
    expect(first).toEqual([
      indices,
      indices.map((index) => index + 9),
      indices.map((index) => 255 - index),
      indices.map((index) => 255 - index - 9),
    ]);
    const predictions = grid.rows.map((row) => row.predictions);
    expect(predictions[0]).toEqual(indices.map((index) => index % 3));
    expect(predictions[2]).toEqual(indices.map((index) => 2 - (index % 3)));
    for (const row of grid.rows) {
      expect(row.images).toMatchObject({ count: 4, height: 2, width: 1 });
      expect(row.images.pixels).toHaveLength(4 * 6);
      expect(row.confidences).toEqual([0.5, 0.5, 0.5, 0.5]);
    }
  });

  it('leaves out what there is not', async () => {
    const grid = await sampleGrid({ ...options, trigger: null, defense: null });
    expect(grid.rows.map((row) => row.kind)).toEqual(['clean']);
  });
});

describe('chooseImages', () => {
  it('goes round the classes before it takes a second of one', () => {
    const labels = chooseImages(split, 6, 1).map((index) => LABELS[index]);
    expect(labels).toEqual([0, 1, 2, 0, 1, 0]);
    expect(new Set(chooseImages(split, 6, 1)).size).toBe(6);
    expect(chooseImages(split, 100, 1)).toHaveLength(6);
    expect(chooseImages(split, 3, 1)).toEqual(chooseImages(split, 6, 1).slice(0, 3));
  });

  it('takes seeded images where there are no labels', () => {
    const unlabelled = { ...split, labels: null };
    expect(new Set(chooseImages(unlabelled, 4, 1)).size).toBe(4);
    expect(chooseImages(unlabelled, 0, 1)).toEqual([]);
  });
});

it('toBytes rounds and clamps', () => {
  expect([...toBytes([-1, 0, 0.5, 1, 2, 1 / 255])]).toEqual([0, 0, 128, 255, 255, 1]);
});
