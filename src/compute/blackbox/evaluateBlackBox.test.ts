import { describe, expect, it } from 'vitest';
import type { ImageSplit } from '../../data/dataset';
import type { BlackBox } from './blackBox';
import { evaluateBlackBox, type BlackBoxEvaluation } from './evaluateBlackBox';

/**
 * Images of one pixel. Their red times 255 says what the black box answers (class 0, 1 or 2), green is left for the trigger: a triggered image
 * has green 1, and the black box then answers 0.
 */
const answers = [0, 1, 2, 1, 0, 2, 2];
const labels = [0, 1, 2, 0, 1, 2, 1];
const split: ImageSplit = {
  count: 7,
  labels: Int32Array.from(labels),
  read: (indices) =>
    Promise.resolve(Uint8Array.from(Array.from(indices).flatMap((i) => [answers[i]!, 0, 0]))),
};
const options: BlackBoxEvaluation = {
  split,
  height: 1,
  width: 1,
  trigger: {
    label: 'green',
    apply: (pixels) => pixels.map((value, i) => (i % 3 === 1 ? 1 : value)),
  },
  target: 0,
  batchSize: 3,
  limit: null,
  seed: 1,
};

function fake() {
  const asked: number[] = [];
  const box: BlackBox = {
    label: 'fake',
    classes: 3,
    confidences(pixels, count) {
      asked.push(count);
      const values = new Float32Array(3 * count).fill(0.1);
      for (let i = 0; i < count; i++) {
        const green = pixels[3 * i + 1]!;
        const says = green > 0.9 ? 0 : Math.round(pixels[3 * i]! * 255);
        values[3 * i + says] = 0.8;
      }
      return Promise.resolve(values);
    },
    close: () => Promise.resolve(),
  };
  return { box, asked };
}

describe('evaluateBlackBox', () => {
  it('counts as by hand, without a defence', async () => {
    const { box, asked } = fake();
    const clean = new Map<number, Int32Array>();
    const found = await evaluateBlackBox(options, box, null, clean);
    // Right: images 0, 1, 2 and 5.
    expect(found.benignAccuracy).toMatchObject({ count: 4, of: 7 });
    // Five are not of the target class, and every triggered one is sent there.
    expect(found.attackSuccessRate).toMatchObject({ count: 5, of: 5 });
    expect(found.agreementWithOriginal).toBeNull();
    expect(found.confusion).toEqual([1, 1, 0, 1, 1, 1, 0, 0, 2]);
    // Seven clean and seven triggered images, the filled-up ones not among them.
    expect(asked.reduce((a, b) => a + b, 0)).toBe(14);
    expect([...clean.values()].flatMap((part) => [...part])).toEqual(answers);
  });

  it('counts as by hand behind a defence, and asks about clean images once', async () => {
    const { box, asked } = fake();
    const clean = new Map<number, Int32Array>();
    await evaluateBlackBox(options, box, null, clean);
    asked.splice(0);
    // The transform takes the trigger away and moves class j to j + 2; the map says that class j + 2 stands for j.
    const shown = (pixels: Float32Array): Promise<Float32Array> =>
      Promise.resolve(
        pixels.map((value, i) => (i % 3 === 0 ? ((Math.round(value * 255) + 2) % 3) / 255 : 0)),
      );
    const found = await evaluateBlackBox(options, box, { shown, labelMap: [1, 2, 0] }, clean);
    expect(found.benignAccuracy).toMatchObject({ count: 4, of: 7 });
    // Of images 1, 2, 4, 5, 6 (not of the target class) the black box says 0 of image 4 only.
    expect(found.attackSuccessRate).toMatchObject({ count: 1, of: 5 });
    expect(found.agreementWithOriginal).toMatchObject({ count: 7, of: 7 });
    expect(asked.reduce((a, b) => a + b, 0)).toBe(14);
  });

  it('measures nothing where no image is wanted, and asks nothing', async () => {
    const { box, asked } = fake();
    const found = await evaluateBlackBox({ ...options, limit: 0 }, box, null, new Map());
    expect(found.benignAccuracy).toBeNull();
    expect(asked).toEqual([]);
  });
});
