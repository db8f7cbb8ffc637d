import { describe, expect, it } from 'vitest';
import { readNpz } from '../../../tests/setup/npz';
import { sharedPath } from '../../../tests/setup/shared';
import { RandomStream } from '../../data/random';
import { affineMap, affineNearest, rotate } from './affine';
import type { TriggerContext } from './attack';
import { batt } from './batt';

const golden = sharedPath('golden/triggers.npz');

const context: TriggerContext = {
  height: 32,
  width: 32,
  classes: 10,
  target: 0,
  seed: 5,
  image: () => Promise.reject(new Error('no image was asked for')),
};

function picture(side: number, seed = 1): Float32Array {
  const random = new RandomStream(seed, 99);
  return Float32Array.from({ length: side * side * 3 }, () => random.below(256) / 255);
}

const levels = (pixels: Float32Array) => Array.from(pixels, (value) => Math.round(value * 255));

describe('rotate', () => {
  it('turns a quarter counter-clockwise, pixel by pixel', () => {
    const before = picture(4);
    const after = rotate(before, 4, 4, 90);
    for (let row = 0; row < 4; row++) {
      for (let column = 0; column < 4; column++) {
        // What was on the right is now on top.
        expect(after[(row * 4 + column) * 3]).toBe(before[(column * 4 + 3 - row) * 3]);
      }
    }
  });

  it('moves right and down, shrinks about the centre, and is black outside', () => {
    const before = picture(4).map((value) => value + 0.01);
    const moved = affineNearest(before, 4, 4, affineMap(4, 4, 0, 1, 1, 2));
    expect(moved[(2 * 4 + 1) * 3]).toBe(before[0]);
    expect([...moved.subarray(0, 2 * 4 * 3)].every((value) => value === 0)).toBe(true);
    const half = affineNearest(before, 4, 4, affineMap(4, 4, 0, 0.5));
    expect(half.filter((value) => value > 0).length).toBe(4 * 3);
    expect(half[(1 * 4 + 1) * 3]).toBe(before[(1 * 4 + 1) * 3]);
    expect(half[(2 * 4 + 2) * 3]).toBe(before[(3 * 4 + 3) * 3]);
  });
});

describe('batt', () => {
  it.skipIf(golden === null)('gives exactly what Pillow gave', async () => {
    const { images, batt_16deg } = await readNpz(golden!, ['images', 'batt_16deg']);
    const trigger = await batt.prepare({}, context);
    const pixels = Float32Array.from(images.data, (value) => value / 255);
    expect(levels(trigger.apply(pixels, 16))).toEqual([...batt_16deg.data]);
    expect(trigger.label).toBe('BATT, turned by 16°');
  });

  it('turns poisoned training images by the trigger’s angle and benign ones by less', async () => {
    const attack = await batt.prepare({}, context);
    const labels = Int32Array.from({ length: 50 }, (_, i) => i % 10);
    const plan = attack.plan(labels, 1);
    expect(plan.poison.length).toBe(5);
    const split = { count: 50, labels, read: () => Promise.reject(new Error('unused')) };
    const poisoner = await attack.poisoner(plan, { split, seed: 3 });
    const clean = labels.findIndex((_, i) => !plan.poison.includes(i));
    const batch = (epoch: number) => {
      const pixels = new Float32Array(2 * 3072);
      pixels.set(picture(32));
      pixels.set(picture(32, 2), 3072);
      poisoner.apply(pixels, Uint32Array.of(plan.poison[0]!, clean), epoch);
      return pixels;
    };
    const first = batch(0);
    expect(first.slice(0, 3072)).toEqual(attack.apply(picture(32), 1));
    const benign = first.slice(3072);
    const turned = Array.from({ length: 2001 }, (_, i) => (i - 1000) / 100).filter((angle) => {
      const same = rotate(picture(32, 2), 32, 32, angle);
      return same.every((value, i) => value === benign[i]);
    });
    expect(turned.length).toBeGreaterThan(0);
    expect(batch(0)).toEqual(first);
    expect(batch(1).slice(3072)).not.toEqual(benign);
    expect(batch(1).slice(0, 3072)).toEqual(first.slice(0, 3072));
  });

  it('wraps normalised values as the official code does, where asked to', async () => {
    const normalization: NonNullable<TriggerContext['normalization']> = {
      mean: [0.5, 0.4, 0.3],
      std: [0.25, 0.2, 0.5],
    };
    const options = { pipeline: 'official-wrapped', angle: 0 };
    await expect(batt.prepare(options, context)).rejects.toThrow('how the model normalises');
    const attack = await batt.prepare(options, { ...context, normalization });
    const pixels = new Float32Array(3072).fill(0.6);
    const out = attack.apply(pixels, 1);
    // (0.6 - 0.5) / 0.25 = 0.4: level 102. (0.6 - 0.4) / 0.2 = 1: level 255 (254 in float32). 0.6: level 153 (152).
    expect((out[0]! - 0.5) / 0.25).toBeCloseTo(102 / 255, 2);
    expect((out[2]! - 0.3) / 0.5).toBeCloseTo(153 / 255, 2);
    const dark = attack.apply(new Float32Array(3072).fill(0.4), 1);
    // (0.4 - 0.5) / 0.25 = -0.4: -102, which wraps to 154.
    expect((dark[0]! - 0.5) / 0.25).toBeCloseTo(154 / 255, 2);
  });
});
