import { describe, expect, it } from 'vitest';
import { readNpz } from '../../../tests/setup/npz';
import { sharedPath } from '../../../tests/setup/shared';
import { RandomStream } from '../../data/random';
import { writeSafetensors } from '../../formats/exports/safetensorsWriter';
import { readModel } from '../../formats/models/readModel';
import { assetTensors } from './assets';
import type { TriggerContext } from './attack';
import { wanet, warpImages } from './wanet';
import { sampleGrid, warpGrid } from './warp';

const golden = sharedPath('golden/triggers.npz');

const context: TriggerContext = {
  height: 32,
  width: 32,
  classes: 10,
  target: 0,
  seed: 5,
  image: () => Promise.reject(new Error('no image was asked for')),
};
const SIZE = { height: 32, width: 32 };
const random = new RandomStream(1, 99);
const picture = Float32Array.from({ length: 3072 }, () => random.below(256) / 255);

const worst = (got: ArrayLike<number>, wanted: ArrayLike<number>) =>
  Array.from(got).reduce((most, value, i) => Math.max(most, Math.abs(value - (wanted[i] ?? NaN))), 0);

describe.skipIf(golden === null)('WaNet against the reference', () => {
  it.each([4, 32])('gives the reference’s grid and images for k=%i', async (k) => {
    const names = [`wanet_k${k}_ins`, `wanet_k${k}_grid`, `wanet_k${k}_float_nhwc`, 'images'] as const;
    const arrays = await readNpz(golden!, names);
    const [ins, grid, warped, images] = names.map((name) => arrays[name]!.data);
    const own = warpGrid(ins!, k, SIZE, 0.5, 1);
    expect(worst(own, grid!)).toBeLessThan(1e-5);
    const pixels = Float32Array.from(images!, (value) => value / 255);
    expect(worst(warpImages(pixels, 16, { ...SIZE, grid: own, truncate: false }), warped!)).toBeLessThan(
      1e-4,
    );
    const given = warpImages(pixels, 16, { ...SIZE, grid: Float32Array.from(grid!), truncate: true });
    expect(worst(given, warped!)).toBeLessThanOrEqual(1 / 255 + 1e-6);
  });
});

describe('wanet', () => {
  it('reads where the grid says: between four pixels, and nothing outside', () => {
    const image = Float32Array.from({ length: 12 }, (_, i) => [1, 2, 3, 4][Math.floor(i / 3)]!);
    const centre = Float32Array.from({ length: 8 }, () => 0);
    expect([...sampleGrid(image, 2, 2, centre)].every((value) => value === 2.5)).toBe(true);
    const outside = Float32Array.from([-1, -1, 3, 3, -1, 1, 2, -1]);
    const read = sampleGrid(image, 2, 2, outside);
    // The last place lies half a pixel right of pixel 2, where the other half is nothing.
    expect([read[0], read[3], read[6], read[9]]).toEqual([1, 0, 3, 1]);
  });

  it('keeps its grid whatever the experiment’s seed, and hands it out', async () => {
    const attack = await wanet.prepare({}, context);
    const other = await wanet.prepare({}, { ...context, seed: 77 });
    expect(attack.assets['grid']!.shape).toEqual([1, 32, 32, 2]);
    expect(other.assets).toEqual(attack.assets);
    expect(other.apply(picture, 1)).toEqual(attack.apply(picture, 1));
    const redrawn = await wanet.prepare({ gridSeed: 1 }, context);
    expect(redrawn.assets).not.toEqual(attack.assets);
    const { data } = attack.assets['grid']!;
    const given = warpImages(picture, 1, { ...SIZE, grid: data, truncate: true });
    expect(given).toEqual(attack.apply(picture, 1));
    expect(attack.label).toBe('WaNet, 4×4 grid, strength 0.5');
  });

  it('takes its exported grid back, and no other shape', async () => {
    const attack = await wanet.prepare({ gridSeed: 3 }, context);
    const file = writeSafetensors(assetTensors(attack), {});
    const tensors = async (path: string) => (await readModel({ path, blob: new Blob([file]) })).state;
    const again = await wanet.prepare({ grid: 'attack.safetensors' }, { ...context, tensors });
    expect(again.apply(picture, 1)).toEqual(attack.apply(picture, 1));
    expect(again.label).toBe('WaNet, the grid of attack.safetensors');
    const wide = wanet.prepare({ grid: 'a.pth' }, { ...context, width: 40, tensors });
    await expect(wide).rejects.toThrow('whose grid is 1×32×32×2; images of 32 by 40 want 1×32×40×2');
    await expect(wanet.prepare({ grid: 'a.pth' }, context)).rejects.toThrow('holds no tensor "grid"');
  });

  it('trains with noise images that keep their label, and without them where asked to', async () => {
    const labels = Int32Array.from({ length: 100 }, (_, i) => i % 10);
    const attack = await wanet.prepare({}, context);
    const plan = attack.plan(labels, 1);
    expect([plan.poison.length, plan.noise.length, plan.cover.length]).toEqual([10, 20, 0]);
    const split = { count: 100, labels, read: () => Promise.reject(new Error('unused')) };
    const poisoner = await attack.poisoner(plan, { split, seed: 3 });
    const train = (index: number, epoch: number) => {
      const pixels = picture.slice();
      poisoner.apply(pixels, Uint32Array.of(index), epoch);
      return pixels;
    };
    const triggered = attack.apply(picture, 1);
    expect(train(plan.poison[0]!, 0)).toEqual(triggered);
    const noisy = train(plan.noise[0]!, 0);
    expect(worst(noisy, triggered)).toBeGreaterThan(0.1);
    expect(train(plan.noise[0]!, 1)).not.toEqual(noisy);
    const clean = labels.findIndex((_, i) => !plan.poison.includes(i) && !plan.noise.includes(i));
    expect(train(clean, 0)).toEqual(picture);
    const quiet = await wanet.prepare({ noise: 'off' }, context);
    expect(quiet.plan(labels, 1).noise.length).toBe(0);
    const flood = await wanet.prepare({ rate: 0.3, crossRatio: 3 }, context);
    expect(() => flood.plan(labels, 1)).toThrow('leave none clean');
  });
});
