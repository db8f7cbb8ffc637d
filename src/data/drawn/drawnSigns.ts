import type { ImageDataset, ImageSplit } from '../dataset';
import { PURPOSE, RandomStream } from '../random';
import { paintBackground } from './background';
import { photograph } from './camera';
import { SIDE } from './canvas';
import { faceOf } from './face';
import { mountSign } from './mount';
import { SIGNS } from './signs';

const IMAGE_BYTES = SIDE * SIDE * 3;

/** How many images of each part are drawn, and from which seed. */
export interface DrawnSignsOptions {
  readonly trainCount?: number;
  readonly testCount?: number;
  readonly seed?: number;
}

/** Draws image `index` of a part into `out` at `offset`: uint8 RGB, [32, 32, 3]. */
function drawImage(seed: number, purpose: number, index: number, out: Uint8Array, offset: number): void {
  const random = new RandomStream(seed, purpose, index);
  const scene = new Float64Array(IMAGE_BYTES);
  paintBackground(scene, random);
  mountSign(scene, faceOf(index % SIGNS.length), random);
  photograph(scene, random, out, offset);
}

function drawnSplit(count: number, seed: number, purpose: number): ImageSplit {
  const pixels = new Uint8Array(count * IMAGE_BYTES);
  const drawn = new Uint8Array(count);
  return {
    count,
    labels: Int32Array.from({ length: count }, (_, i) => i % SIGNS.length),
    resident: true,
    read(indices) {
      const out = new Uint8Array(indices.length * IMAGE_BYTES);
      for (let i = 0; i < indices.length; i++) {
        const index = indices[i];
        if (index === undefined || index < 0 || index >= count) {
          return Promise.reject(
            new RangeError(`Image ${String(index)} is not one of the ${count} drawn ones.`),
          );
        }
        if (drawn[index] === 0) {
          drawImage(seed, purpose, index, pixels, index * IMAGE_BYTES);
          drawn[index] = 1;
        }
        out.set(pixels.subarray(index * IMAGE_BYTES, (index + 1) * IMAGE_BYTES), i * IMAGE_BYTES);
      }
      return Promise.resolve(out);
    },
  };
}

/**
 * The built-in data set: ten kinds of traffic sign, 32x32, drawn when first read and kept. Image i of a part depends
 * on the seed, the part and i alone and is the same to the last bit on every machine (see `angle.ts`); its label is
 * i mod 10, so every prefix is balanced.
 */
export function drawnSigns(options: DrawnSignsOptions = {}): ImageDataset {
  const { trainCount = 6000, testCount = 2000, seed = 1 } = options;
  return {
    name: 'Drawn traffic signs',
    format: 'drawn',
    classNames: SIGNS.map((sign) => sign.name),
    height: SIDE,
    width: SIDE,
    train: drawnSplit(trainCount, seed, PURPOSE.drawTrain),
    test: drawnSplit(testCount, seed, PURPOSE.drawTest),
  };
}
