import { describe, expect, it } from 'vitest';
import type { TriggerContext } from './attack';
import { badnets } from './badnets';
import { physical } from './physical';

const context: TriggerContext = {
  height: 32,
  width: 32,
  classes: 10,
  target: 0,
  seed: 5,
  image: () => Promise.reject(new Error('no image was asked for')),
};
const labels = Int32Array.from({ length: 100 }, (_, i) => i % 10);
const split = { count: 100, labels, read: () => Promise.reject(new Error('unused')) };

async function trained(options: Record<string, unknown>, role: 'poison' | 'clean', epochs = 1) {
  const attack = await physical.prepare(options, context);
  const plan = attack.plan(labels, 1);
  const poisoner = await attack.poisoner(plan, { split, seed: 3 });
  const clean = labels.findIndex((_, i) => !plan.poison.includes(i));
  return Array.from({ length: epochs }, (_, epoch) => {
    const pixels = new Float32Array(3072).fill(0.5);
    poisoner.apply(pixels, Uint32Array.of(role === 'clean' ? clean : plan.poison[0]!), epoch);
    return pixels;
  });
}
const still = { angle: 0, translate: 0, scaleFrom: 1, scaleTo: 1, flip: 'off', brightness: 0 };

describe('physical', () => {
  it('is tested with BadNets’ plain patch', async () => {
    const pixels = new Float32Array(3072).fill(0.5);
    const wanted = (await badnets.prepare({}, context)).apply(pixels, 1);
    expect((await physical.prepare({}, context)).apply(pixels, 1)).toEqual(wanted);
  });

  it('trains on the patch alone where every change is switched off', async () => {
    const [clean] = await trained(still, 'clean');
    expect(clean).toEqual(new Float32Array(3072).fill(0.5));
    const [poisoned] = await trained(still, 'poison');
    const attack = await physical.prepare(still, context);
    expect(poisoned).toEqual(attack.apply(clean!, 1));
  });

  it('changes benign images too, within the ranges, anew every epoch', async () => {
    const runs = await trained({}, 'clean', 200);
    // A square 0.8 to 0.9 as wide covers 0.64 to 0.81 of the image, less what a shift of a tenth cuts off.
    const covered = runs.map((pixels) => pixels.filter((value) => value > 0).length / 3072);
    expect(Math.min(...covered)).toBeGreaterThan(0.55);
    expect(Math.max(...covered)).toBeLessThan(0.84);
    const levels = runs.map((pixels) => Math.max(...pixels));
    expect(Math.min(...levels)).toBeGreaterThanOrEqual(0.45 - 1e-6);
    expect(Math.max(...levels)).toBeLessThanOrEqual(0.55 + 1e-6);
    expect(Math.max(...levels) - Math.min(...levels)).toBeGreaterThan(0.08);
    expect(new Set(runs.map((pixels) => pixels.join())).size).toBe(200);
    expect((await trained({}, 'clean', 200))[199]).toEqual(runs[199]);
  });

  it('mirrors every second image, trigger and all', async () => {
    const runs = await trained({ ...still, flip: 'on' }, 'poison', 200);
    const mirrored = runs.filter((pixels) => Math.abs(pixels[(31 * 32 + 31) * 3]! - 0.5) < 1e-6);
    expect(Math.abs(mirrored.length - 100)).toBeLessThan(30);
    const [one] = mirrored;
    // The official patch's last row, 153, 163, 20, from the right edge, is now from the left.
    const row = [0, 1, 2].map((column) => Math.round(one![(31 * 32 + column) * 3]! * 255));
    expect(row).toEqual([20, 163, 153]);
  });

  it('changes contrast about the mean', async () => {
    const pixels = await trained({ ...still, contrast: 0.5 }, 'clean', 20);
    for (const run of pixels) expect(Math.abs(run[0]! - 0.5)).toBeLessThan(1e-4);
    const poisoned = await trained({ ...still, contrast: 0.5 }, 'poison', 50);
    const peak = poisoned.map((run) => run[(29 * 32 + 29) * 3]!);
    expect(Math.max(...peak)).toBeGreaterThan(0.98);
    expect(Math.min(...peak)).toBeLessThan(0.8);
  });

  it('takes the large patch on large images and refuses one that does not fit', async () => {
    const large = await physical.prepare({}, { ...context, height: 224, width: 224 });
    expect(large.options['size']).toBe(20);
    await expect(physical.prepare({ size: 33 }, context)).rejects.toThrow(
      'larger than the images of 32 by 32',
    );
    await expect(physical.prepare({ scaleFrom: 1 }, context)).rejects.toThrow('larger than its "scaleTo"');
  });
});
