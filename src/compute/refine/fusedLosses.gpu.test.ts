import { describe, expect, it } from 'vitest';
import { ownKernels } from '../../../tests/setup/ownKernels';
import fixture from '../../../tests/fixtures/parity/losses.json';
import { PURPOSE, RandomStream } from '../../data/random';
import { poison, relativeError } from '../kernels/reference/check';
import { classificationReference, supconReference } from '../kernels/reference/losses';
import { SUPCON } from '../kernels/supcon/names';
import { switchOff } from '../kernels/registry';
import { tf } from '../tf';
import { fusedLosses, lossesAreFused } from './fusedLosses';
import { inverseMap } from './labelMap';
import type { LossSettings } from './refineLoss';

const gpu = ownKernels();

const OFFICIAL: LossSettings = {
  classificationLoss: 'bce',
  supconWeight: 0.1,
  temperature: 0.07,
  supconViews: 2,
  supconNormalize: true,
  supconReduction: 'mean',
};

/** [total, classification, supcon] and the total's gradients in images and logits. */
async function evaluate(
  images: { readonly values: ArrayLike<number>; readonly shape: number[] },
  logits: ArrayLike<number>,
  labels: readonly number[],
  map: readonly number[],
  settings: LossSettings,
) {
  const before = tf.memory().numTensors;
  const [count, size] = [labels.length, images.values.length];
  await poison(3, count, 4 * count, count * count, logits.length, size);
  const x = tf.tensor(Float32Array.from(images.values), images.shape);
  const scores = tf.tensor2d(Float32Array.from(logits), [count, map.length]);
  const classes = tf.tensor1d([...labels], 'int32');
  const inverse = tf.tensor1d(inverseMap(map), 'int32');
  const { value, grads } = tf
    .engine()
    .gradients(() => fusedLosses(x, scores, classes, inverse, settings), [x, scores]);
  const result = {
    losses: await value.data<'float32'>(),
    images: await grads[0]!.data<'float32'>(),
    logits: await grads[1]!.data<'float32'>(),
  };
  tf.dispose([x, scores, classes, inverse, value, ...grads]);
  expect(tf.memory().numTensors).toBe(before);
  expect(gpu.problems).toEqual([]);
  return result;
}

describe('fusedLosses against PyTorch', () => {
  it.each(fixture.classification)(
    'classification, remapped: $name',
    async ({ logits, labels, map, bce, ce }) => {
      const images = { values: labels.map((_, i) => i + 1), shape: [labels.length, 1, 1, 1] };
      for (const [classificationLoss, expected] of [
        ['bce', bce],
        ['ce', ce],
      ] as const) {
        const ours = await evaluate(images, logits, labels, map, { ...OFFICIAL, classificationLoss });
        expect(Math.abs(ours.losses[1]! / expected.loss - 1)).toBeLessThan(1e-5);
        expect(relativeError(ours.logits, expected.gradient)).toBeLessThan(1e-5);
      }
    },
  );

  const { shape, labels, cases } = fixture.supcon;
  it.each(cases)(
    'supcon, $views view(s), normalize $normalize, $reduction',
    async ({ loss, gradient, temperature, views, normalize, reduction }) => {
      const values = normalize ? fixture.supcon.images : fixture.supcon.small;
      const settings: LossSettings = {
        ...OFFICIAL,
        supconWeight: 0.5,
        temperature,
        supconViews: views === 1 ? 1 : 2,
        supconNormalize: normalize,
        supconReduction: reduction === 'mean' ? 'mean' : 'sum',
      };
      const map = [1, 2, 3, 4, 0];
      const logits = labels.flatMap((_, i) => map.map((j) => Math.sin(i + 3 * j)));
      const ours = await evaluate({ values, shape }, logits, labels, map, settings);
      expect(Math.abs(ours.losses[2]! / loss - 1)).toBeLessThan(1e-5);
      expect(Math.abs(ours.losses[0]! / (ours.losses[1]! + 0.5 * loss) - 1)).toBeLessThan(1e-5);
      expect(
        relativeError(
          ours.images,
          gradient.map((value) => value / 2),
        ),
      ).toBeLessThan(1e-5);
    },
  );
});

interface Case {
  readonly name: string;
  /** The images' shape after their number. */
  readonly side: readonly [number, number, number];
  readonly labels: readonly number[];
  readonly classes: number;
}

const random = new RandomStream(77, PURPOSE.sample);
const drawn = (count: number, classes: number): number[] =>
  Array.from({ length: count }, () => random.below(classes));

const CASES: readonly Case[] = [
  { name: 'one image', side: [3, 5, 3], labels: [1], classes: 2 },
  {
    name: 'an odd number, and a length that vec4 does not fit',
    side: [5, 7, 3],
    labels: drawn(13, 4),
    classes: 4,
  },
  { name: 'all of one class', side: [4, 4, 3], labels: [2, 2, 2, 2, 2, 2], classes: 3 },
  { name: 'no two of one class', side: [4, 4, 3], labels: [3, 0, 4, 1, 2], classes: 5 },
  { name: 'a batch of 67', side: [8, 8, 3], labels: drawn(67, 10), classes: 10 },
  {
    name: 'more classes than a workgroup has invocations',
    side: [2, 2, 3],
    labels: drawn(9, 1031),
    classes: 1031,
  },
  { name: 'large images', side: [224, 224, 3], labels: [0, 1, 0], classes: 2 },
];

describe('fusedLosses against float64', () => {
  it.each(CASES)('$name', async ({ side, labels, classes }) => {
    const [count, length] = [labels.length, side[0] * side[1] * side[2]];
    const map = Array.from({ length: classes }, (_, j) => (j + 1) % classes);
    const values = Float32Array.from({ length: count * length }, () => random.uniform());
    const logits = Float32Array.from({ length: count * classes }, () => 3 * random.normal());
    const inverse = inverseMap(map);
    const targets = labels.map((label) => inverse[label]!);
    for (const kind of ['bce', 'ce'] as const) {
      for (const [views, normalize, temperature, reduction] of [
        [2, true, 0.07, 'mean'],
        [1, true, 0.1, 'sum'],
        [1, false, 0.1 * length, 'mean'],
        [2, false, 0.1 * length, 'sum'],
      ] as const) {
        const settings: LossSettings = {
          classificationLoss: kind,
          supconWeight: 0.3,
          temperature,
          supconViews: views,
          supconNormalize: normalize,
          supconReduction: reduction,
        };
        const ours = await evaluate({ values, shape: [count, ...side] }, logits, labels, map, settings);
        const scale = reduction === 'mean' ? 1 / count : views;
        const contrast = supconReference(values, labels, viewsOf(settings), 0.3 * scale);
        const supcon = scale * contrast.losses.reduce((sum, loss) => sum + loss, 0);
        const classification = classificationReference(logits, targets, classes, kind);
        const expected = [classification.loss + 0.3 * supcon, classification.loss, supcon];
        const name = `${kind}, ${views} views, ${reduction}`;
        expect(relativeError(ours.losses, expected), name).toBeLessThan(1e-5);
        expect(relativeError(ours.logits, classification.gradient), name).toBeLessThan(1e-5);
        expect(relativeError(ours.images, contrast.gradient), name).toBeLessThan(1e-5);
      }
    }
  });

  it('gives the slope of central differences in float64', async () => {
    const labels = [0, 1, 0, 2, 1, 0, 2];
    const side = [4, 3, 3] as const;
    const values = Float32Array.from({ length: labels.length * 36 }, () => random.uniform());
    const direction = Float64Array.from(values, () => random.normal());
    const logits = Float32Array.from({ length: labels.length * 3 }, () => random.normal());
    const settings: LossSettings = { ...OFFICIAL, supconWeight: 1 };
    const ours = await evaluate(
      { values, shape: [labels.length, ...side] },
      logits,
      labels,
      [1, 2, 0],
      settings,
    );
    const at = (h: number): number => {
      const moved = Float64Array.from(values, (value, i) => value + h * direction[i]!);
      const { losses } = supconReference(moved, labels, viewsOf(settings), 1);
      return losses.reduce((sum, loss) => sum + loss, 0) / labels.length;
    };
    const slope = direction.reduce((sum, value, i) => sum + value * ours.images[i]!, 0);
    expect(Math.abs(slope / ((at(1e-5) - at(-1e-5)) / 2e-5) - 1)).toBeLessThan(1e-5);
  });

  it('stays finite where an image is black', async () => {
    const values = Float32Array.from({ length: 4 * 12 }, (_, i) => (i < 12 ? 0 : random.uniform()));
    const logits = Float32Array.from({ length: 8 }, () => random.normal());
    const ours = await evaluate({ values, shape: [4, 2, 2, 3] }, logits, [0, 0, 1, 1], [1, 0], OFFICIAL);
    for (const value of [...ours.losses, ...ours.images]) expect(Number.isFinite(value)).toBe(true);
  });

  // The last test, because the kernel stays off on this device.
  it('is off where one of its kernels is', () => {
    expect(lossesAreFused()).toBe(true);
    switchOff(gpu.open.backend, SUPCON);
    expect(lossesAreFused()).toBe(false);
  });
});

function viewsOf({ temperature, supconViews, supconNormalize }: LossSettings) {
  return { temperature, views: supconViews, normalize: supconNormalize };
}
