import { describe, expect, it } from 'vitest';
import { readFixture } from '../../../tests/setup/fixture';
import { resizeBilinear, resizePillow } from './resample';

interface Fixture {
  readonly height: number;
  readonly width: number;
  readonly picture: number[];
  readonly cases: readonly { height: number; width: number; tensor: number[]; pillow: number[] }[];
}

/** Made by `tests/fixtures/attacks/make_resample.py` with PyTorch and Pillow. */
const fixture = JSON.parse(new TextDecoder().decode(await readFixture('attacks/resample.json'))) as Fixture;
const picture = { height: fixture.height, width: fixture.width, data: fixture.picture };

describe.each(fixture.cases)('resizing 11x7 to $heightx$width', ({ height, width, tensor, pillow }) => {
  it('agrees with PyTorch', () => {
    const resized = resizeBilinear(picture, height, width);
    expect(resized.length).toBe(tensor.length);
    tensor.forEach((value, i) => expect(resized[i]).toBeCloseTo(value, 4));
  });

  it('agrees with Pillow', () => {
    expect([...resizePillow(picture, height, width)]).toEqual(pillow);
  });
});
