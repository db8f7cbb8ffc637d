import { expect, test } from 'vitest';
import { memoryCurve } from './memoryCurve';

const samples = [
  { at: 0, tensors: 10, gpuBytes: 100 },
  { at: 30_000, tensors: 20, gpuBytes: 200 },
  { at: 120_000, tensors: 10, gpuBytes: 50 },
];

test('time goes to the right, zero is at the bottom, the most at the top', () => {
  expect(memoryCurve(samples, ({ gpuBytes }) => gpuBytes)).toEqual({
    path: 'M0.0 50.0 L250.0 0.0 L1000.0 75.0',
    most: 200,
    minutes: 2,
  });
});

test('one reading is no curve, and nothing held is a flat line', () => {
  expect(memoryCurve(samples.slice(0, 1), ({ tensors }) => tensors).path).toBe('');
  expect(memoryCurve(samples, () => 0).path).toBe('M0.0 100.0 L250.0 100.0 L1000.0 100.0');
});
