import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readNpz } from '../../../tests/setup/npz';
import { sharedPath } from '../../../tests/setup/shared';
import { decodeImage } from '../../formats/images/decode';
import { StudioError } from '../../protocol/errors';
import type { TriggerContext } from './attack';
import { attackByKind, ATTACKS } from './registry';

const golden = sharedPath('golden/triggers.npz');
const kitty = sharedPath('data/triggers/kitty.png');

const context: TriggerContext = {
  height: 32,
  width: 32,
  classes: 10,
  target: 0,
  seed: 5,
  image: () => Promise.reject(new Error('no image was asked for')),
};

const refusal = async (
  kind: string,
  options: Record<string, unknown>,
  change: Partial<TriggerContext> = {},
) => {
  try {
    await attackByKind(kind).prepare(options, { ...context, ...change });
  } catch (error) {
    if (error instanceof StudioError) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'accepted';
};

const grey = (count: number, value = 0.5) => new Float32Array(count * 32 * 32 * 3).fill(value);
/** As `toEqual`, but quick on large arrays. */
const same = (a: Float32Array, b: Float32Array) =>
  a.length === b.length && a.every((value, i) => value === b[i]);
const levels = (pixels: Float32Array) => Array.from(pixels, (value) => Math.round(value * 255));

describe('registry', () => {
  it('knows its members and names them where it does not know one', () => {
    expect(ATTACKS.map(({ kind }) => kind).join(', ')).toBe(
      'badnets, blended, wanet, physical, batt, label-consistent, adaptive, custom',
    );
    expect(() => attackByKind('wanet9')).toThrow(
      'There is no attack "wanet9"; the studio knows badnets, blended, wanet, physical, batt, label-consistent, adaptive, custom.',
    );
  });
});

describe.each(ATTACKS)('$kind', (attack) => {
  const dot = { height: 2, width: 2, data: new Uint8Array(12).fill(90), alpha: null };
  const options = attack.kind === 'custom' ? { image: 'dot.png' } : {};
  const withDot = { ...context, image: () => Promise.resolve(dot) };

  it.each([32, 224])(
    'gives other pixels within [0,1] at %i pixels, the same ones again, and keeps its hands off',
    async (side) => {
      const prepare = () => attack.prepare(options, { ...withDot, height: side, width: side });
      const prepared = await prepare();
      const before = Float32Array.from({ length: 2 * side * side * 3 }, (_, i) => ((i * 7919) % 256) / 255);
      const kept = before.slice();
      const after = prepared.apply(before, 2);
      expect(same(before, kept)).toBe(true);
      expect(after.length).toBe(before.length);
      expect(same(after, before)).toBe(false);
      expect(after.every((value) => value >= 0 && value <= 1)).toBe(true);
      expect(same((await prepare()).apply(before, 2), after)).toBe(true);
      // Image by image it does the same as on both at once.
      const second = prepared.apply(before.slice(before.length / 2), 1);
      expect(same(second, after.slice(after.length / 2))).toBe(true);
    },
  );

  it('says every option, defaults filled in, and takes what it says', async () => {
    const prepared = await attack.prepare(options, withDot);
    expect(Object.keys(prepared.options)).toEqual(attack.options.map(({ key }) => key));
    const numbers = attack.options.filter(({ kind }) => kind === 'number' || kind === 'integer');
    for (const { key } of numbers) expect(typeof prepared.options[key]).toBe('number');
    expect((await attack.prepare(prepared.options, withDot)).label).toBe(prepared.label);
    expect(prepared).toMatchObject({ kind: attack.kind, target: 0 });
  });

  it('refuses a class, an option and a rate that cannot be', async () => {
    expect(await refusal(attack.kind, options, { ...withDot, target: 10 })).toMatch(
      /target class 10 does not exist/,
    );
    expect(await refusal(attack.kind, { ...options, colour: 1 }, withDot)).toMatch(
      /"colour".*does not exist/,
    );
    expect(await refusal(attack.kind, { ...options, rate: 1.5 }, withDot)).toMatch(/"rate".*between 0 and 1/);
    const labels = Int32Array.from({ length: 100 }, (_, i) => i % 10);
    const nothing = await attack.prepare({ ...options, rate: 0 }, withDot);
    expect(() => nothing.plan(labels, 1)).toThrow(/not one would be poisoned/);
    const full = await attack.prepare({ ...options, rate: 1 }, withDot);
    const everything = () => full.plan(attack.kind === 'label-consistent' ? labels.map(() => 0) : labels, 1);
    expect(everything).toThrow(/leave none clean/);
  });
});

describe('badnets', () => {
  it('puts the official levels in the bottom right corner and touches nothing else', async () => {
    const trigger = await attackByKind('badnets').prepare({}, context);
    const before = grey(2);
    const after = levels(trigger.apply(before, 2));
    expect(before).toEqual(grey(2));
    const at = (image: number, row: number, column: number) =>
      after.slice(((image * 32 + row) * 32 + column) * 3, ((image * 32 + row) * 32 + column) * 3 + 3);
    for (const image of [0, 1]) {
      expect([29, 30, 31].map((row) => [29, 30, 31].map((column) => at(image, row, column)))).toEqual(
        [
          [247, 241, 130],
          [106, 201, 92],
          [153, 163, 20],
        ].map((row) => row.map((level) => [level, level, level])),
      );
    }
    expect(after.filter((level) => level !== 128).length).toBe(2 * 27);
    expect(trigger.label).toBe('BadNets 3×3, bottom right');
  });

  it('scales the patch, moves it and lets the image shine through', async () => {
    const trigger = await attackByKind('badnets').prepare(
      { size: 6, corner: 'top left', opacity: 0.5 },
      context,
    );
    const after = trigger.apply(grey(1, 0), 1);
    const at = (row: number, column: number) => Math.round(after[(row * 32 + column) * 3]! * 510);
    expect([at(0, 0), at(1, 1), at(0, 2), at(2, 0), at(5, 5), at(6, 5), at(5, 6)]).toEqual([
      247, 247, 241, 106, 20, 0, 0,
    ]);
  });

  it('takes the paper’s square for the size of the images, and draws a random one from the seed', async () => {
    const large = await attackByKind('badnets').prepare({}, { ...context, height: 224, width: 224 });
    expect(large.label).toBe('BadNets 20×20, bottom right');
    const draw = async (seed: number) =>
      levels(
        (await attackByKind('badnets').prepare({ size: 9, pattern: 'random' }, { ...context, seed })).apply(
          grey(1, 0),
          1,
        ),
      );
    expect(await draw(5)).toEqual(await draw(5));
    expect(await draw(6)).not.toEqual(await draw(5));
    expect(new Set(await draw(5)).size).toBeGreaterThan(50);
  });

  it('refuses what cannot be', async () => {
    expect(await refusal('badnets', { size: 33 })).toBe(
      'trigger/invalid: The option "size" of the badnets trigger is 33 pixels, larger than the images of 32 by 32.',
    );
    expect(await refusal('badnets', { size: 2.5 })).toMatch(/"size".*whole number/);
    expect(await refusal('badnets', { size: 0 })).toMatch(/"size".*between 1 and/);
    expect(await refusal('badnets', { opacity: Number.NaN })).toMatch(/"opacity".*must be a number/);
    expect(await refusal('badnets', { corner: 'middle' })).toMatch(/"corner".*bottom right, bottom left/);
    expect(await refusal('badnets', { colour: 1 })).toMatch(
      /"colour".*does not exist; it has size, pattern, corner, opacity, rate/,
    );
    expect(await refusal('badnets', {}, { target: 10 })).toMatch(
      /target class 10 does not exist.*10 classes/,
    );
  });

  it.skipIf(golden === null)('gives exactly what the reference transform gave', async () => {
    const { images, badnets } = await readNpz(golden!, ['images', 'badnets']);
    const trigger = await attackByKind('badnets').prepare({}, context);
    const after = trigger.apply(
      Float32Array.from(images.data, (value) => value / 255),
      16,
    );
    expect(levels(after)).toEqual([...badnets.data]);
  });
});

describe('blended', () => {
  it('draws its own picture from the seed: smooth, full range, nine parts photograph', async () => {
    const pattern = async (seed: number) =>
      (await attackByKind('blended').prepare({ ratio: 1 }, { ...context, seed })).apply(grey(1), 1);
    const drawn = await pattern(5);
    expect(await pattern(5)).toEqual(drawn);
    expect(await pattern(6)).not.toEqual(drawn);
    for (const channel of [0, 1, 2]) {
      const values = drawn.filter((_, i) => i % 3 === channel);
      expect(Math.min(...values)).toBe(0);
      expect(Math.max(...values)).toBe(1);
    }
    const steps = drawn.map((value, i) => (i % 96 < 93 ? Math.abs(value - drawn[i + 3]!) : 0));
    expect(Math.max(...steps)).toBeLessThan(0.35);
    const mixed = (await attackByKind('blended').prepare({}, context)).apply(grey(2), 2);
    drawn.forEach((value, i) => {
      expect(mixed[i]).toBeCloseTo(0.45 + 0.1 * value, 6);
      expect(mixed[drawn.length + i]).toBe(mixed[i]);
    });
  });

  it('keeps whole grey levels whole when it truncates', async () => {
    const white = { height: 1, width: 1, data: new Uint8Array([100, 101, 255]) };
    const trigger = await attackByKind('blended').prepare(
      { image: 'dot.png', quantize: 'truncate' },
      { ...context, image: () => Promise.resolve(white) },
    );
    // 0.9 · 200 + 0.1 · (100, 101, 255) = 190, 190.1, 205.5
    expect(levels(trigger.apply(grey(1, 200 / 255), 1)).slice(0, 3)).toEqual([190, 190, 205]);
    expect(trigger.label).toBe('Blended, 10 % of dot.png');
  });

  it('refuses what cannot be', async () => {
    expect(await refusal('blended', { ratio: 1.5 })).toMatch(/"ratio".*between 0.01 and 1, not 1.5/);
    expect(await refusal('blended', { image: 3 })).toMatch(/"image".*must name an image file/);
    expect(await refusal('blended', { quantize: 'yes' })).toMatch(/"quantize".*none, truncate/);
  });

  it.skipIf(golden === null || kitty === null)('agrees with the reference transform', async () => {
    const names = ['images', 'blended_float_nhwc', 'blended_pattern_float_hwc'] as const;
    const { images, blended_float_nhwc, blended_pattern_float_hwc } = await readNpz(golden!, names);
    const picture = await decodeImage(new Uint8Array(await readFile(kitty!)), 'kitty.png');
    const withPicture = { ...context, image: () => Promise.resolve(picture) };
    const prepare = (ratio: number) =>
      attackByKind('blended').prepare({ image: 'kitty.png', ratio }, withPicture);
    const pixels = Float32Array.from(images.data, (value) => value / 255);
    const worst = (got: Float32Array, wanted: Float64Array) =>
      got.reduce((most, value, i) => Math.max(most, Math.abs(value - wanted[i]!)), 0);
    const pattern = (await prepare(1)).apply(pixels.subarray(0, 3072), 1);
    expect(worst(pattern, blended_pattern_float_hwc.data)).toBeLessThan(1e-5);
    expect(worst((await prepare(0.1)).apply(pixels, 16), blended_float_nhwc.data)).toBeLessThan(1e-5);
  });
});
