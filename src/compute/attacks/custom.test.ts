import { describe, expect, it } from 'vitest';
import { StudioError } from '../../protocol/errors';
import type { TriggerContext, TriggerImage } from './attack';
import { custom } from './custom';

/** Left half red, right half green, 2 rows by 4 columns; transparent in the last column. */
const flag: TriggerImage = {
  height: 2,
  width: 4,
  data: Uint8Array.from([0, 1].flatMap(() => [255, 0, 0, 255, 0, 0, 0, 255, 0, 0, 255, 0])),
  alpha: Uint8Array.from([255, 255, 255, 0, 255, 255, 255, 0]),
};
const plain = (level: number): TriggerImage => ({ height: 1, width: 1, data: new Uint8Array(3).fill(level) });
const pictures: Record<string, TriggerImage> = {
  'flag.png': flag,
  'clear.png': { ...flag, alpha: new Uint8Array(8) },
  'black.png': plain(0),
  'grey.png': plain(51),
  'tower.png': { height: 90, width: 10, data: new Uint8Array(2700).fill(9) },
};
const context: TriggerContext = {
  height: 8,
  width: 8,
  classes: 10,
  target: 0,
  seed: 5,
  image: (id) => Promise.resolve(pictures[id]!),
};

const refusal = (options: Record<string, unknown>) =>
  custom.prepare(options, context).then(
    () => 'accepted',
    (error: unknown) =>
      error instanceof StudioError ? `${error.subject}: ${error.message}` : 'another error',
  );

const half = () => new Float32Array(8 * 8 * 3).fill(0.5);

describe('custom', () => {
  it('puts the picture where it is told, with its transparency as mask', async () => {
    const attack = await custom.prepare({ image: 'flag.png', size: 0.5, left: 0.5, top: 0 }, context);
    const out = attack.apply(half(), 1);
    const at = (row: number, column: number) => [
      ...out.subarray((row * 8 + column) * 3, (row * 8 + column) * 3 + 3),
    ];
    const wanted = [
      [1, 0, 0],
      [1, 0, 0],
      [0, 1, 0],
      [0.5, 0.5, 0.5],
    ];
    for (const row of [0, 1]) wanted.forEach((colour, i) => expect(at(row, 2 + i)).toEqual(colour));
    expect(out.filter((value) => value !== 0.5).length).toBe(2 * 3 * 3);
    expect(attack.label).toBe('flag.png, 50 % of the width');
  });

  it('takes a mask of its own and an opacity', async () => {
    const options = { image: 'flag.png', mask: 'grey.png', size: 0.5, opacity: 0.5 };
    const out = (await custom.prepare(options, context)).apply(half(), 1);
    // The mask's 51 of 255 is a fifth, half of it a tenth; the last column is covered too, for the mask says so.
    const red = (row: number, column: number) => out[(row * 8 + column) * 3];
    expect([red(6, 4), red(7, 5)]).toEqual([expect.closeTo(0.55, 6), expect.closeTo(0.55, 6)]);
    expect(red(7, 7)).toBeCloseTo(0.45, 6);
    expect(red(5, 7)).toBe(0.5);
  });

  it('refuses no picture, an empty mask, and a picture larger than the image', async () => {
    expect(await refusal({})).toBe(
      'attack.options.image: The custom trigger wants a picture: drop a PNG or JPEG.',
    );
    expect(await refusal({ image: 'clear.png' })).toMatch(
      /clear.png .* transparent all over: its mask is empty/,
    );
    expect(await refusal({ image: 'flag.png', mask: 'black.png' })).toMatch(/mask black.png .* is empty/);
    expect(await refusal({ image: 'tower.png', size: 0.5 })).toBe(
      'attack.options.size: The custom trigger would be 36 by 4 pixels, larger than the images of 8 by 8; choose a smaller width.',
    );
  });
});
