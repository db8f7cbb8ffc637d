import { expect, it } from 'vitest';
import type { TriggerContext } from './attack';
import { badnets } from './badnets';
import { labelConsistent } from './labelConsistent';

const context: TriggerContext = {
  height: 32,
  width: 32,
  classes: 10,
  target: 0,
  seed: 5,
  image: () => Promise.reject(new Error('no image was asked for')),
};
const grey = () => new Float32Array(3072).fill(0.5);

it('is tested with BadNets’ patch', async () => {
  const attack = await labelConsistent.prepare({}, context);
  expect(attack.apply(grey(), 1)).toEqual((await badnets.prepare({}, context)).apply(grey(), 1));
  expect(attack.label).toBe('Label-Consistent 3×3, bottom right');
});

it('or with BackdoorBox’s four corners', async () => {
  const attack = await labelConsistent.prepare({ trigger: 'four corners' }, context);
  const out = attack.apply(grey(), 1);
  const white = [
    [0, 0],
    [1, 1],
    [2, 2],
    [2, 0],
    [0, 31],
    [1, 30],
    [2, 29],
    [2, 31],
    [31, 0],
    [31, 2],
    [30, 1],
    [29, 0],
    [31, 31],
    [31, 29],
    [29, 31],
    [30, 30],
  ].map(([row, column]) => row! * 32 + column!);
  const at = (level: number) => Array.from({ length: 1024 }, (_, i) => i).filter((i) => out[3 * i] === level);
  expect(at(1)).toEqual([...white].sort((a, b) => a - b));
  expect(at(0).length).toBe(4 * 9 - 16);
  expect(at(0.5).length).toBe(1024 - 36);
  await expect(labelConsistent.prepare({ trigger: 'four corners', size: 17 }, context)).rejects.toThrow(
    'larger than the images of 32 by 32',
  );
});

it('takes a quarter of the target class, all of it on large images, and says what it needs', async () => {
  const labels = Int32Array.from({ length: 200 }, (_, i) => i % 10);
  const small = await labelConsistent.prepare({ surrogate: 'benign.pth', warmStart: 'on' }, context);
  expect(small.plan(labels, 1).poison.length).toBe(5);
  expect(small.surrogate).toEqual({ path: 'benign.pth', warmStart: true });
  const large = await labelConsistent.prepare({}, { ...context, height: 224, width: 224 });
  expect(large.plan(labels, 1).poison.length).toBe(20);
  await expect(labelConsistent.prepare({ surrogate: 3 }, context)).rejects.toThrow('must name a model file');
});
