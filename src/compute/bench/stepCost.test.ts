import { expect, test } from 'vitest';
import { cifarResnetOfDepth } from '../nn/cifarResnet';
import { unet } from '../nn/unet';
import { networkCost, stepFlops } from './stepCost';

const GIGA = 1e9;

/** Multiply-accumulates of a 3x3 convolution. */
const conv = (side: number, inputs: number, outputs: number): number => side * side * 9 * inputs * outputs;

test("the UNet's multiply-accumulates are a hand count's", () => {
  const c = 8;
  const byHand =
    conv(32, 3, c) +
    conv(32, c, c) +
    conv(16, c, 2 * c) +
    conv(16, 2 * c, 2 * c) +
    conv(8, 2 * c, 4 * c) +
    conv(8, 4 * c, 4 * c) +
    conv(4, 4 * c, 8 * c) +
    conv(4, 8 * c, 8 * c) +
    2 * conv(2, 8 * c, 8 * c) +
    conv(4, 16 * c, 8 * c) +
    conv(4, 8 * c, 4 * c) +
    conv(8, 8 * c, 4 * c) +
    conv(8, 4 * c, 2 * c) +
    conv(16, 4 * c, 2 * c) +
    conv(16, 2 * c, c) +
    conv(32, 2 * c, c) +
    conv(32, c, c) +
    32 * 32 * c * 3;
  const { forward, innerGradient, weightGradient } = networkCost(unet(c));
  expect(forward).toBe(2 * byHand);
  expect(weightGradient).toBe(2 * byHand);
  // Nobody asks for the gradient in the images.
  expect(innerGradient).toBe(2 * (byHand - conv(32, 3, c)));
});

test.each([
  [16, 39],
  [32, 157],
  [64, 625],
])('UNet %i has %i million multiply-accumulates an image (METHODS 1.1)', (channels, millions) => {
  expect(Math.round(networkCost(unet(channels)).forward / 2e6)).toBe(millions);
});

test('the costs of the paper are those of the reference table', () => {
  const transform = networkCost(unet(64));
  expect(transform.forward / GIGA).toBeCloseTo(1.25, 3);
  expect(transform.innerGradient / GIGA).toBeCloseTo(1.246, 3);
  const victim = networkCost(cifarResnetOfDepth(18, 64, 10));
  expect(victim.forward / GIGA).toBeCloseTo(1.111, 3);
  // TFLOP a step at batch 256, with the label pass and without.
  const paper = { width: 64, batch: 256 };
  const tera = (channels: number, labels: boolean): number =>
    Number((stepFlops({ ...paper, channels }, labels) / 1e12).toFixed(2));
  expect([tera(64, true), tera(32, true), tera(64, false), tera(32, false)]).toEqual([
    1.81, 1.09, 1.53, 0.81,
  ]);
});
