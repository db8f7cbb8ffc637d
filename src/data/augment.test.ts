import { describe, expect, it } from 'vitest';
import { readFixture } from '../../tests/setup/fixture';
import { augmentBatch, augmentBytes, flipImage, greyImage, resizeCrop, streamWords } from './augment';
import { centralCrop, cropParameters, type Crop } from './cropParameters';
import { toUnitFloats } from './pixels';
import { PURPOSE, RandomStream } from './random';

interface ResizeFixture {
  readonly height: number;
  readonly width: number;
  readonly cases: readonly (Crop & { readonly expected: readonly number[] })[];
}

/** The image of make_fixtures.py's `value`, as NHWC. */
function drawn(height: number, width: number): Float32Array {
  return Float32Array.from({ length: height * width * 3 }, (_, at) => {
    const [c, x, y] = [at % 3, Math.floor(at / 3) % width, Math.floor(at / 3 / width)];
    const value = 0.37 * c + 0.113 * y + 0.291 * x + 0.017 * x * y;
    return value - Math.floor(value);
  });
}

describe('resizeCrop', () => {
  it('computes what F.interpolate does on the window', async () => {
    const text = new TextDecoder().decode(await readFixture('datasets/resize.json'));
    const { height, width, cases } = JSON.parse(text) as ResizeFixture;
    expect(cases.length).toBe(5);
    for (const { expected, ...crop } of cases) {
      const out = new Float32Array(height * width * 3);
      resizeCrop(drawn(height, width), height, width, crop, out);
      const worst = Math.max(...expected.map((value, i) => Math.abs(value - out[i]!)));
      expect(worst, JSON.stringify(crop)).toBeLessThan(1e-6);
    }
  });
});

describe('flip and grey', () => {
  it('mirrors rows', () => {
    const image = Float32Array.from({ length: 2 * 3 * 3 }, (_, i) => i);
    flipImage(image, 2, 3);
    expect([...image]).toEqual([6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11]);
  });

  it('weighs red, green and blue as torchvision does', () => {
    const image = Float32Array.of(1, 0, 0, 0, 1, 0, 0, 0, 1, 0.5, 0.25, 1);
    greyImage(image);
    const last = 0.2989 * 0.5 + 0.587 * 0.25 + 0.114;
    [0.2989, 0.587, 0.114, last].forEach((value, i) => {
      for (let c = 0; c < 3; c++) expect(image[i * 3 + c]).toBeCloseTo(value, 6);
    });
  });
});

describe('cropParameters', () => {
  it('stays in the image and in the ranges of scale and ratio, and reaches their ends', () => {
    const [areas, ratios]: [number[], number[]] = [[], []];
    for (let i = 0; i < 4000; i++) {
      const crop = cropParameters(320, 320, new RandomStream(1, PURPOSE.augment, i));
      expect(
        crop.top >= 0 && crop.left >= 0 && crop.top + crop.height <= 320 && crop.left + crop.width <= 320,
      ).toBe(true);
      areas.push((crop.height * crop.width) / 320 ** 2);
      ratios.push(crop.width / crop.height);
    }
    // Rounding to whole pixels moves an area by at most about 0.4 %.
    expect(Math.min(...areas)).toBeGreaterThan(0.795);
    expect(Math.min(...areas)).toBeLessThan(0.805);
    expect(Math.max(...areas)).toBeGreaterThan(0.99);
    expect(Math.min(...ratios)).toBeGreaterThan(0.745);
    expect(Math.max(...ratios)).toBeLessThan(1.34);
    // A square image cannot hold wide crops of large area: with area 0.8 to 1, ratios beyond 5/4 never fit.
    expect(Math.max(...ratios)).toBeLessThan(1.26);
    // The ratio's logarithm is symmetric about 0.
    expect(Math.abs(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length)).toBeLessThan(
      0.01,
    );
  });

  it('falls back to the largest central window of an allowed ratio', () => {
    expect(centralCrop(10, 10)).toEqual({ top: 0, left: 0, height: 10, width: 10 });
    expect(centralCrop(30, 9)).toEqual({ top: 9, left: 0, height: 12, width: 9 });
    expect(centralCrop(9, 30)).toEqual({ top: 0, left: 9, height: 9, width: 12 });
    // No window of at least 80 % of the area has an allowed ratio here, so every draw ends there.
    expect(cropParameters(9, 300, new RandomStream(5, PURPOSE.augment))).toEqual(centralCrop(9, 300));
  });
});

describe('augmentBatch', () => {
  const [count, height, width] = [600, 6, 5];
  const size = height * width * 3;
  const pixels = Float32Array.from({ length: count * size }, (_, i) => ((i * 7919) % 1009) / 1009);
  const streams = (i: number) => new RandomStream(9, PURPOSE.augment, i);
  const run = (kind: 'official' | 'flip' | 'none') =>
    augmentBatch(pixels, count, height, width, kind, streams);
  const image = (batch: Float32Array, i: number) => batch.subarray(i * size, (i + 1) * size);

  it('flips half of the images and changes nothing else', () => {
    const flipped = run('flip');
    let mirrored = 0;
    for (let i = 0; i < count; i++) {
      const mirror = image(pixels, i).slice();
      flipImage(mirror, height, width);
      const isMirror = mirror.every((value, k) => value === image(flipped, i)[k]);
      const isSame = image(pixels, i).every((value, k) => value === image(flipped, i)[k]);
      expect(isMirror !== isSame).toBe(true);
      mirrored += isMirror ? 1 : 0;
    }
    expect(Math.abs(mirrored / count - 0.5)).toBeLessThan(0.07); // 3.4 standard deviations
  });

  it('greys a fifth of the images, and keeps every value within those of its image', () => {
    const official = run('official');
    let grey = 0;
    for (let i = 0; i < count; i++) {
      const out = image(official, i);
      if (out.every((value, k) => value === out[k - (k % 3)])) grey++;
      expect(Math.max(...out)).toBeLessThanOrEqual(Math.max(...image(pixels, i)) + 1e-6);
      expect(Math.min(...out)).toBeGreaterThanOrEqual(Math.min(...image(pixels, i)) - 1e-4); // luma weights sum to 0.9999
    }
    expect(Math.abs(grey / count - 0.2)).toBeLessThan(0.055);
  });

  it('depends on each image’s own stream alone', () => {
    const alone = augmentBatch(image(pixels, 7), 1, height, width, 'official', () => streams(7));
    expect(alone).toEqual(image(run('official'), 7));
    expect(run('none')).toBe(pixels);
    const shared = () =>
      augmentBatch(pixels, count, height, width, 'official', new RandomStream(3, PURPOSE.augment));
    expect(shared()).toEqual(shared());
  });
});

describe('augmentBytes', () => {
  it('takes stream numbers of more than 32 bits apart and together again', () => {
    expect([...streamWords([3, 0], 7 * 2 ** 32 + 2 ** 31)]).toEqual([3 - 2 ** 31, 7, -(2 ** 31), 7]);
    const [count, height, width, seed, first] = [40, 4, 5, 2, 3 * 2 ** 32 - 20] as const;
    const indices = Array.from({ length: count }, (_, i) => i);
    const bytes = Uint8Array.from({ length: count * height * width * 3 }, (_, i) => (i * 7919) % 251);
    const images = { bytes, streams: streamWords(indices, first) };
    const streams = (i: number) => new RandomStream(seed, PURPOSE.augment, first + i);
    expect(augmentBytes(images, height, width, 'official', seed)).toEqual(
      augmentBatch(toUnitFloats(bytes), count, height, width, 'official', streams),
    );
  });
});
