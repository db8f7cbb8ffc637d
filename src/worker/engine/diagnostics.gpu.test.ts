import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cifarResnetOfDepth } from '../../compute/nn/cifarResnet';
import { initialState } from '../../compute/nn/initialise';
import { traceNetwork } from '../../compute/nn/trace';
import { hostOf } from '../../compute/kernels/registry';
import { writePth } from '../../formats/exports/pthWriter';
import type { BenchAsked } from '../../protocol/diagnostics';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import type { Params, RequestName, Result } from '../../protocol/messages';
import { createMemoryStore } from '../../storage/memoryStore';
import { createEngine, memory, type Engine } from './engine';
import { loadDrawnSigns } from './loadDataset';

const experiment: Experiment = parseExperiment({
  version: 1,
  name: 'tiny',
  seed: 3,
  model: { path: 'victim.pth' },
  dataset: { path: 'drawn:signs', train: 20, test: 12 },
  defense: { kind: 'refine', recipe: 'paper', firstChannels: 2, batchSize: 4, epochs: 1, maxSteps: 2 },
  evaluate: { everyEpochs: 0, logEverySteps: 1 },
});
const TINY: BenchAsked = {
  kind: 'steps',
  sizes: [{ channels: 2, width: 2, batch: 4 }],
  steps: 1,
  budgetSeconds: 60,
};

describe('diagnostics', () => {
  let engine: Engine;
  const told: [number, number | null, string][] = [];
  const call = async <N extends RequestName>(
    name: N,
    params: Params<N>,
    onProgress: (...progress: [number, number | null, string]) => void = () => undefined,
  ): Promise<Result<N>> => engine.handlers[name](params, { progress: onProgress });
  beforeAll(async () => {
    engine = createEngine({
      store: createMemoryStore(),
      emit: () => undefined,
      fetchDemo: () => Promise.reject(new Error('no demo here')),
    });
    const bytes = writePth(initialState(traceNetwork(cifarResnetOfDepth(18, 2, 10)).tensors, 5));
    await call('device/open', {});
    await call('model/open', { file: { path: 'victim.pth', blob: new Blob([bytes]) } });
    engine.session.replaceDataset(await loadDrawnSigns({ trainCount: 40, testCount: 20 }));
  });
  afterAll(() => engine.dispose());

  it('measures a step on a device of its own and leaves the open one as it was', async () => {
    const before = await call('evaluate/before', { experiment });
    const { tensors } = memory();
    const result = await call('diagnostics/bench', TINY, (...progress) => told.push(progress));
    const columns = Object.fromEntries(result.steps.map((row) => [row.column, row]));
    expect(Object.keys(columns).sort()).toEqual(['ours', 'stock']);
    expect(columns['ours']).toMatchObject({ status: 'measured', timesOurs: 1, size: TINY.sizes[0] });
    // A planned step needs fewer dispatches and far fewer submissions than tfjs's own.
    expect(columns['ours']?.dispatches).toBeLessThan(columns['stock']?.dispatches ?? 0);
    expect(columns['ours']?.submits).toBeLessThan(columns['stock']?.submits ?? 0);
    expect(columns['ours']?.peakBytes).toBeGreaterThan(0);
    expect(result.bestProduct).toContain('GFLOP/s');
    expect(result.markdown).toContain('| 2 × 2 × 4 | ours |');
    expect(told.at(-1)?.slice(0, 2)).toEqual([4, 4]);
    expect(memory().tensors).toBe(tensors);
    expect(hostOf('Conv2D')).not.toBeNull();
    expect(await call('evaluate/before', { experiment })).toEqual(before);
  });

  it('stops between two steps, freeing what it had', async () => {
    const { tensors } = memory();
    const stopped = call('diagnostics/bench', { ...TINY, steps: 50 }, (_done, _total, note) => {
      if (note.startsWith('step 1')) void call('analysis/cancel', {});
    });
    await expect(stopped).rejects.toMatchObject({ code: 'aborted' });
    expect(memory().tensors).toBe(tensors);
    expect(hostOf('Conv2D')).not.toBeNull();
  });

  it('says how the last run went, and measures nothing beside one, nor starts one beside a benchmark', async () => {
    expect((await call('diagnostics/kernels', {})).step).toBeNull();
    const { runId } = await call('run/start', { experiment, resume: null });
    await expect(call('diagnostics/bench', TINY)).rejects.toMatchObject({ code: 'worker/busy' });
    await call('run/pause', { runId });
    await expect(call('diagnostics/bench', TINY)).rejects.toMatchObject({ code: 'worker/busy' });
    await call('run/resume', { runId });
    await engine.runs.idle();
    const report = await call('diagnostics/kernels', {});
    expect(report.step).toMatchObject({ kind: 'planned', submits: 1 });
    expect(report.active).toContain('Conv2D');
    expect(report.tiles.chosen.map(({ shapes }) => shapes)).toContain('convolve/wide');
    expect(report.limits.find(({ name }) => name === 'maxBufferSize')?.value).toBeGreaterThan(2 ** 20);
    const bench = call('diagnostics/bench', TINY);
    await expect(call('run/start', { experiment, resume: null })).rejects.toThrow('A benchmark is under way');
    await call('analysis/cancel', {});
    await expect(bench).rejects.toMatchObject({ code: 'aborted' });
    await expect(call('diagnostics/bench', { ...TINY, sizes: [] })).rejects.toMatchObject({
      code: 'experiment/invalid',
    });
  });
});
