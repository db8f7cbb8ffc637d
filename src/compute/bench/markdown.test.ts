import { expect, test } from 'vitest';
import { uniformChoice } from '../kernels/tuning/choice';
import { digits, markdownTable, reportMarkdown } from './markdown';
import type { BenchReport } from './runBench';

test('a table has a ruler and escapes bars', () => {
  expect(markdownTable(['a', 'b'], [['x|y', '1']])).toBe('| a | b |\n| --- | --: |\n| x\\|y | 1 |');
});

test('numbers have three digits and no exponent', () => {
  expect([0.012345, 12.345, 1234.5, NaN].map(digits)).toEqual(['0.0123', '12.3', '1235', '–']);
});

const REPORT: BenchReport = {
  adapter: 'An adapter',
  tiles: uniformChoice('small').tiles,
  matmul: { gflops: 10, shape: [512, 512, 512], by: 'tfjs matMul', tried: [] },
  cells: [
    {
      size: { channels: 8, width: 16, batch: 32 },
      flops: 4e9,
      columns: [
        {
          name: 'ours',
          status: 'measured',
          gflops: 5,
          timing: {
            name: 'ours',
            firstStepMs: 2000,
            stepMs: [800],
            medianStepMs: 800,
            losses: [],
            failure: null,
            counts: {
              dispatches: 400,
              submits: 1,
              uploads: 2,
              uniformWrites: 0,
              bindGroups: 0,
              buffers: 0,
              pipelines: 0,
              kernels: new Map(),
            },
          },
        },
        { name: 'stock', status: 'skipped', reason: 'it is slow' },
      ],
      timesOurs: {},
      losses: [],
      memory: {
        peakBytes: 50e6,
        peakLiveBytes: 40e6,
        peakOverLive: 1.25,
        planning: { kind: 'unplanned', reason: 'of a test' },
      },
    },
  ],
  steady: null,
  profile: null,
  kernels: [],
};

test('a report tells what was measured, and what was left out and why', () => {
  const [head, table = '', list] = reportMarkdown(REPORT).split('\n\n');
  expect(head).toBe('An adapter. Tiles: small. Best product: 10.0 GFLOP/s (tfjs matMul, 512 x 512 x 512).');
  const rows = table.split('\n');
  expect(rows[2]).toBe('| 8 × 16 × 32 | ours | 800 | 1 | 2000 | 5 | 50 % | 400 | 1 | 2 | 50 | 1.25 |');
  expect(rows[3]).toBe('| 8 × 16 × 32 | stock | skipped |  |  |  |  |  |  |  |  |  |');
  expect(list).toBe('- 8 × 16 × 32, stock: skipped, it is slow.');
});

test('a profile lists kernels with their share', () => {
  const rows = [{ kernel: 'conv', calls: 3, ms: 30, share: 0.75 }];
  const profile = { size: { channels: 8, width: 16, batch: 32 }, rows, sumMs: 40, stepMs: 50 };
  const [, head, table = ''] = reportMarkdown({ ...REPORT, cells: [], profile }).split('\n\n');
  expect(head).toContain('A step takes 50 ms; its dispatches, each sent alone, 40 ms.');
  expect(table.split('\n')[2]).toBe('| conv | 3 | 30 | 75 % |');
});
