import { describe, expect, it } from 'vitest';
import { torchvisionResnetOfDepth } from '../nn/torchvisionResnet';
import { cifarResnetOfDepth } from '../nn/cifarResnet';
import { largestValue } from '../nn/largestValue';
import { unet } from '../nn/unet';
import { requireTrainable } from '../victim/requireTrainable';
import { requireRoom } from './requireRoom';

const MIB = 2 ** 20;

describe('largestValue', () => {
  it('finds the most numbers of one value, at any size', () => {
    // Behind the stem; behind the first convolution; the concatenation on the way up, which tfjs's own kernels make.
    expect(largestValue(torchvisionResnetOfDepth(18, 64, 50), 224, 224)).toBe(112 * 112 * 64);
    expect(largestValue(torchvisionResnetOfDepth(18, 64, 50), 96, 64)).toBe(48 * 32 * 64);
    expect(largestValue(cifarResnetOfDepth(18, 2, 10), 32, 32)).toBe(32 * 32 * 3);
    expect(largestValue(unet(8), 224, 224)).toBe(224 * 224 * 16);
  });
});

describe('requireRoom', () => {
  it('lets through what fits, to the byte', () => {
    const bytes = 4 * 64 * 224 * 224 * 16;
    expect(() => requireRoom({ batchSize: 64, firstChannels: 8 }, 224, 224, bytes)).not.toThrow();
    expect(() => requireRoom({ batchSize: 64, firstChannels: 8 }, 224, 224, bytes - 1)).toThrow();
  });

  it('names a batch size and a number of channels that fit', () => {
    const refuse = (batchSize: number, firstChannels: number): unknown => {
      try {
        requireRoom({ batchSize, firstChannels }, 224, 224, 128 * MIB);
        return null;
      } catch (error) {
        return error;
      }
    };
    const refused = refuse(64, 32);
    expect(refused).toMatchObject({
      code: 'experiment/too-large',
      message:
        'What the transform computes of a batch takes 822 MB in one piece, and this graphics adapter allows 134 MB: ' +
        'lower the batch size from 64 to 10, or lower the first channels from 32 to 5.',
    });
    expect(refuse(10, 32)).toBeNull();
    expect(refuse(64, 5)).toBeNull();
    expect(refuse(11, 32)).not.toBeNull();
    expect(refuse(64, 6)).not.toBeNull();
    // No number of channels lets 300 images of three channels through.
    expect(refuse(300, 1)).toMatchObject({
      message: expect.stringMatching(/: lower the batch size from 300 to \d+\.$/) as string,
    });
  });
});

it('requireTrainable names a batch size that fits', () => {
  const bound = torchvisionResnetOfDepth(18, 64, 50);
  expect(() => requireTrainable(bound, 41, 224, 224, 128 * MIB)).not.toThrow();
  expect(() => requireTrainable(bound, 42, 224, 224, 128 * MIB)).toThrow(
    'What the classifier computes of a batch takes 135 MB in one piece, and this graphics adapter allows 134 MB: ' +
      'lower the batch size from 42 to 41.',
  );
});
