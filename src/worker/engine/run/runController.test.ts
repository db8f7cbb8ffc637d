import { describe, expect, it } from 'vitest';
import { StudioError } from '../../../protocol/errors';
import { createMemoryStore } from '../../../storage/memoryStore';
import { openFakeRun as open, TOTAL } from '../../../../tests/worker/fakeTrainer';

describe('a run', () => {
  it('goes from evaluation through training to evaluation and leaves everything in the store', async () => {
    const { run, store, of, phases, busy } = await open();
    await run.finished;
    expect(phases()).toEqual(['preparing', 'evaluating-before', 'training', 'evaluating', 'done']);
    expect(of('run/progress').map(({ progress }) => progress.note)).toContain('Compiling shaders, 2 of 2');
    expect(of('run/evaluation').map((event) => event.when)).toEqual(['before', 'after']);
    expect(of('run/grid').map((event) => event.grid.step)).toEqual([0, 10, 12]);
    const results = of('run/finished')[0]?.results;
    expect(results).toMatchObject({ steps: 12, epochs: 3, secondsPerStep: 1, trainingSeconds: 12 });
    expect(results?.before?.benignAccuracy?.rate).toBe(0.9);
    expect(results?.after?.benignAccuracy?.rate).toBe(0.12);
    const stored = await store.readRun('r1');
    expect(stored).toMatchObject({ status: 'done', step: 12, hasCheckpoint: true, results });
    expect(stored?.metrics.map((row) => row.step)).toEqual([2, 4, 6, 8, 10, 12]);
    expect([...((await store.readCheckpoint('r1'))?.bytes ?? [])]).toEqual([12]);
    expect(busy.most).toBe(1);
  });

  it('evaluates every so many epochs, but not twice at the end', async () => {
    const { run, of } = await open({ everyEpochs: 1 });
    await run.finished;
    expect(of('run/evaluation').map((event) => [event.when, event.point.step])).toEqual([
      ['before', 0],
      ['during', 4],
      ['during', 8],
      ['after', 12],
    ]);
    expect(of('run/finished')[0]?.results.history.map((point) => point.step)).toEqual([4, 8]);
  });

  it('pauses with a checkpoint, answers others meanwhile, steps singly, and resumes', async () => {
    const { run, store, reached, queue, steps, of, phases } = await open();
    await reached((progress) => progress.step === 3);
    run.pause();
    await reached((progress) => progress.phase === 'paused');
    const at = steps();
    expect((await store.readCheckpoint('r1'))?.step).toBe(at);
    expect((await store.readRun('r1'))?.status).toBe('paused');
    expect(await queue.run(() => Promise.resolve('a grid'))).toBe('a grid');
    await run.singleStep();
    await run.singleStep();
    expect(steps()).toBe(at + 2);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(steps()).toBe(at + 2);
    expect(await run.checkpoint()).toBe(at + 2);
    run.resume();
    await run.finished;
    expect(steps()).toBe(TOTAL);
    expect(of('run/finished')).toHaveLength(1);
    expect(phases()).toContain('paused');
    expect(phases().at(-1)).toBe('done');
  });

  it('stops after the current step, and evaluates what was learned', async () => {
    const { run, store, reached, steps, of } = await open();
    await reached((progress) => progress.step === 3);
    run.stop();
    await run.finished;
    const at = steps();
    expect(at).toBeLessThan(TOTAL);
    expect(of('run/finished')[0]?.results).toMatchObject({ steps: at });
    expect(of('run/finished')[0]?.results.after).not.toBeNull();
    expect(await store.readRun('r1')).toMatchObject({ status: 'stopped', step: at, hasCheckpoint: true });
  });

  it('can be stopped during the first evaluation, while paused, and twice', async () => {
    const aborted = await open({
      evaluateBefore: ({ signal }) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new StudioError('aborted', 'x'))),
        ),
    });
    await aborted.reached((progress) => progress.phase === 'evaluating-before');
    await new Promise((resolve) => setTimeout(resolve, 5));
    aborted.run.stop();
    aborted.run.stop();
    await aborted.run.finished;
    expect(aborted.of('run/finished')[0]?.results).toMatchObject({ steps: 0, before: null, after: null });
    const paused = await open();
    paused.run.pause();
    await paused.reached((progress) => progress.phase === 'paused');
    paused.run.stop();
    await paused.run.finished;
    expect(paused.phases().at(-1)).toBe('stopped');
  });

  it('saves at ends of epochs that are not too short, and at least every thirty seconds', async () => {
    const saved = async (stepMs: number) => {
      const { run, of } = await open({ stepMs });
      await run.finished;
      return of('run/checkpointed').map((event) => event.step);
    };
    expect(await saved(1000)).toEqual([12]);
    expect(await saved(3000)).toEqual([4, 8, 12]);
    expect(await saved(12_000)).toEqual([3, 4, 7, 8, 11, 12]);
  });

  it('fails with the last checkpoint kept when a step fails', async () => {
    const { run, store, reached, of } = await open({ failAt: 9 });
    await reached((progress) => progress.step === 4);
    const saved = await run.checkpoint();
    await run.finished;
    expect(of('run/failed')[0]?.error).toMatchObject({ code: 'train/non-finite-loss' });
    expect(of('run/finished')).toEqual([]);
    expect(await store.readRun('r1')).toMatchObject({ status: 'failed', hasCheckpoint: true });
    expect((await store.readCheckpoint('r1'))?.step).toBe(saved);
    await expect(run.checkpoint()).rejects.toMatchObject({ code: 'worker/nothing-loaded' });
  });

  it('ends at once when the device is lost, even while it hangs', async () => {
    const { run, of, reached } = await open({ evaluateBefore: () => new Promise(() => undefined) });
    await reached((progress) => progress.phase === 'evaluating-before');
    run.fail(new StudioError('gpu/device-lost', 'Lost.'));
    await run.finished;
    expect(of('run/failed')[0]?.error.code).toBe('gpu/device-lost');
  });

  it('goes on from its checkpoint with a curve that has each step once', async () => {
    const first = await open();
    await first.reached((progress) => progress.step === 5);
    const saved = await first.run.checkpoint();
    await first.reached((progress) => progress.step >= saved + 2);
    first.run.fail(new StudioError('worker/crashed', 'Gone.'));
    await first.run.finished;
    const second = await open({ store: first.store, resume: 'r1' });
    await second.run.finished;
    const stored = await first.store.readRun('r1');
    expect(stored?.metrics.map((row) => row.step)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(second.journal.metrics).toEqual(stored?.metrics);
    expect(stored).toMatchObject({ status: 'done', step: 12 });
    expect(second.of('run/evaluation').map((event) => event.when)).toEqual(['after']);
    expect(second.steps()).toBe(TOTAL);
  });

  it('goes on without storage, and says so', async () => {
    const store = createMemoryStore();
    const full = {
      ...store,
      writeCheckpoint: () => Promise.reject(new StudioError('storage/quota', 'There is no room left.')),
    };
    const { run, events, of, reached } = await open({ store: full });
    await reached((progress) => progress.step === 2);
    await expect(run.checkpoint()).rejects.toMatchObject({ message: 'There is no room left.' });
    await run.finished;
    expect(of('run/finished')).toHaveLength(1);
    expect(
      events.some(
        (event) => event.kind === 'run/progress' && event.progress.note === 'There is no room left.',
      ),
    ).toBe(true);
  });
});
