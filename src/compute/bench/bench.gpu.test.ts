import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDevice, type OpenDevice } from '../device/device';
import { installKernels } from '../kernels/install';
import { relativeError } from '../kernels/reference/check';
import { tf } from '../tf';
import { kernelCases } from './kernelCases';
import { measureKernels } from './measureKernels';
import { profileStep } from './profileStep';
import { measureCell, RateEstimates } from './sweep';

let open: OpenDevice;
const problems: string[] = [];
beforeAll(async () => {
  open = await openDevice();
  open.onUncapturedError((error) => problems.push(String(error.detail)));
});
afterAll(() => open.close());

async function values(run: () => tf.Tensor | tf.Tensor[]): Promise<Float32Array[]> {
  const results = [tf.tidy(run)].flat();
  const read = await Promise.all(results.map(async (result) => Float32Array.from(await result.data())));
  tf.dispose(results);
  return read;
}

describe('every case of the kernels’ benchmark', () => {
  it('computes the same with both sets of kernels, and leaves nothing behind', async () => {
    for (const { kernel, shape, setUp } of kernelCases(1)) {
      const before = tf.memory().numTensors;
      const { run, dispose } = setUp();
      const stock = await values(run);
      const installed = installKernels(open.backend);
      const ours = await values(run);
      installed.uninstall();
      dispose();
      expect(ours.length).toBe(stock.length);
      ours.forEach((result, i) =>
        expect(relativeError(result, stock[i]!), `${kernel}, ${shape}`).toBeLessThan(2e-5),
      );
      expect(tf.memory().numTensors, `${kernel}, ${shape}`).toBe(before);
    }
    expect(problems).toEqual([]);
  });

  it('gives one row a case', async () => {
    const [first] = kernelCases(1);
    const rows = await measureKernels(open, [first!], 1);
    expect(rows.map(({ kernel, shape }) => [kernel, shape])).toEqual([[first!.kernel, first!.shape]]);
    expect(rows[0]!.gflops).toBeCloseTo(first!.flops / rows[0]!.oursMs / 1e6, 9);
  });
});

describe('a cell of the sweep', () => {
  it('has both columns with what they asked of the device, and the memory of ours', async () => {
    open.close();
    const size = { channels: 1, width: 1, batch: 2 };
    const options = { steps: 1, budgetSeconds: 3600, stock: true, unplanned: false, peers: [] };
    const cell = await measureCell(size, { ...options, openFresh: () => openDevice() }, new RateEstimates(1));
    open = await openDevice();
    expect(cell.columns.map(({ name, status }) => [name, status])).toEqual([
      ['stock', 'measured'],
      ['ours', 'measured'],
    ]);
    const dispatches = cell.columns.map((column) =>
      column.status === 'measured' ? column.timing.counts.dispatches : 0,
    );
    expect(dispatches[1]).toBeGreaterThan(0);
    // Stock tfjs is to be measured as it comes: without a plan, every dispatch makes a bind group.
    const stock = cell.columns[0]!;
    expect(stock.status === 'measured' && stock.timing.counts.bindGroups).toBe(dispatches[0]);
    expect(dispatches[0]).toBeGreaterThan(dispatches[1]!);
    expect(cell.memory?.peakBytes).toBeGreaterThan(0);
    expect(cell.memory?.planning.kind).not.toBe('pending');
    expect(Object.keys(cell.timesOurs)).toEqual(['stock']);
  });
});

describe('a profile', () => {
  it('has every dispatch of a step once, under its kernel’s name', async () => {
    open.close();
    const fresh = await openDevice();
    const heard: number[] = [];
    const profile = await profileStep(fresh, { channels: 1, width: 1, batch: 2 }, 1, (done) =>
      heard.push(done),
    );
    fresh.close();
    open = await openDevice();
    const calls = profile.rows.reduce((sum, row) => sum + row.calls, 0);
    expect(calls).toBe(heard.length);
    expect(calls).toBeGreaterThan(100);
    const ours = profile.rows.filter(({ kernel }) => kernel.startsWith('refine-'));
    expect(ours.reduce((sum, row) => sum + row.calls, 0)).toBeGreaterThan(calls / 2);
    expect(profile.rows.reduce((sum, row) => sum + row.share, 0)).toBeCloseTo(1, 9);
    expect([...profile.rows].sort((a, b) => b.ms - a.ms)).toEqual(profile.rows);
  });
});
