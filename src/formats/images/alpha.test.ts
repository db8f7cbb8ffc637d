import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { decodeAlpha } from './decode';

/** Made by `tests/fixtures/attacks/make_alpha.py` with Pillow. */
const cases = JSON.parse(
  readFileSync(new URL('../../../tests/fixtures/attacks/alpha.json', import.meta.url), 'utf8'),
) as Record<string, { png: string; alpha: number[] | null }>;
const folder = new URL('../../../tests/fixtures/datasets/images/', import.meta.url);

describe('decodeAlpha', () => {
  it.each(Object.keys(cases))('gives the opacity Pillow gives for %s', async (name) => {
    const { png, alpha } = cases[name]!;
    const got = await decodeAlpha(Uint8Array.from(Buffer.from(png, 'base64')), `${name}.png`);
    expect(got === null ? null : [...got]).toEqual(alpha);
  });

  it('finds none in a JPEG, and damage where there is damage', async () => {
    const jpeg = new Uint8Array(readFileSync(new URL('baseline420.jpg', folder)));
    expect(await decodeAlpha(jpeg, 'x.jpg')).toBeNull();
    const cut = Uint8Array.from(Buffer.from(cases['rgba']!.png, 'base64')).subarray(0, 60);
    await expect(decodeAlpha(cut, 'cut.png')).rejects.toThrow('cut.png ends before');
  });
});
