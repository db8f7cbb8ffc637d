import { expect, test } from 'vitest';
import { benchOptions } from './options';

test('one size without arguments', () => {
  const { mode, sizes, steps, stock, jax } = benchOptions([]);
  expect({ mode, sizes, steps, stock, jax }).toEqual({
    mode: 'step',
    sizes: [{ channels: 8, width: 8, batch: 32 }],
    steps: 5,
    stock: true,
    jax: false,
  });
});

test('a sweep has the sizes of the table, or those named', () => {
  expect(benchOptions(['--sweep']).sizes).toHaveLength(4 * 3 * 2);
  expect(benchOptions(['--sweep', '--channels', '8,32', '--width', '64', '--batch', '256']).sizes).toEqual([
    { channels: 8, width: 64, batch: 256 },
    { channels: 32, width: 64, batch: 256 },
  ]);
});

test('tiles are tuned unless one is named', () => {
  expect(benchOptions([]).tile).toBe('tuned');
  expect(benchOptions(['--tile', 'tall']).tile).toBe('tall');
});

test('steady counts its steps', () => {
  const { mode, steps } = benchOptions(['--steady', '500']);
  expect({ mode, steps }).toEqual({ mode: 'steady', steps: 500 });
});

test.each([
  [['--channels', '0'], '--channels wants a whole number above 0, not "0".'],
  [['--batch', '8,16'], '--batch wants a whole number above 0, not "8,16".'],
  [['--sweep', '--width', '8,'], '--width wants a whole number above 0, not "".'],
  [['--steady', 'many'], '--steady wants a whole number above 0, not "many".'],
  [
    ['--sweep', '--kernels-only'],
    'Choose one of --sweep, --steady, --kernels-only and --profile; each is a measurement of its own.',
  ],
  [['--jax', '--profile'], '--jax is a column of the step and of --sweep only.'],
  [['--jax', '--kernels-only'], '--jax is a column of the step and of --sweep only.'],
  [['--only', 'conv'], '--only goes with --kernels-only.'],
  [['--tile', 'huge'], '--tile wants one of tuned, register, small, narrow, wide, tall, large, not "huge".'],
])('%s is answered in one sentence', (args, message) => {
  expect(() => benchOptions(args)).toThrow(message);
});
