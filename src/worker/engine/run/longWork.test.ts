import { describe, expect, it } from 'vitest';
import { openFakeRun as open, TOTAL } from '../../../../tests/worker/fakeTrainer';

describe('a run in the middle of work of many turns', () => {
  it('pauses in the middle of an evaluation, serves others meanwhile, and comes to the same figures', async () => {
    const { run, store, reached, queue, phases, of, measured, busy } = await open({ batches: 40 });
    await reached((progress) => progress.phase === 'evaluating-before');
    run.pause();
    await reached((progress) => progress.phase === 'paused');
    const at = measured.batches;
    expect(at).toBeLessThan(40);
    expect(await queue.run(() => Promise.resolve('a grid'))).toBe('a grid');
    expect(await run.checkpoint()).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 20));
    // A batch that was in the queue when the pause came may still be done.
    expect(measured.batches).toBeLessThanOrEqual(at + 1);
    expect((await store.readRun('r1'))?.status).toBe('paused');
    run.resume();
    await run.finished;
    expect(phases().slice(1, 5)).toEqual(['evaluating-before', 'paused', 'evaluating-before', 'training']);
    expect(of('run/finished')[0]?.results).toMatchObject({
      before: { benignAccuracy: { rate: 0.9 } },
      after: { benignAccuracy: { rate: 0.12 } },
    });
    expect(measured.batches).toBe(80);
    expect(busy.most).toBe(1);
  });

  it('lets others onto the device between two batches of an evaluation', async () => {
    const { run, reached, queue, measured } = await open({ batches: 40 });
    await reached((progress) => progress.phase === 'evaluating-before');
    const seen = await queue.run(() => Promise.resolve(measured.batches));
    expect(seen).toBeLessThan(40);
    await run.finished;
    expect(measured.batches).toBe(80);
  });

  it('takes one step when asked to in a paused evaluation, the evaluation first', async () => {
    const { run, reached, steps, of } = await open({ batches: 40 });
    await reached((progress) => progress.phase === 'evaluating-before');
    run.pause();
    await reached((progress) => progress.phase === 'paused');
    await run.singleStep();
    expect(steps()).toBe(1);
    expect(of('run/evaluation').map((event) => event.when)).toEqual(['before']);
    run.stop();
    await run.finished;
    expect(steps()).toBe(1);
  });

  it('stops an evaluation within a batch or two, and keeps what was learned', async () => {
    const { run, store, reached, of, measured } = await open({ batches: 40, everyEpochs: 1 });
    await reached((progress) => progress.phase === 'evaluating');
    const at = measured.batches;
    run.stop();
    await run.finished;
    expect(measured.batches).toBeLessThan(at + 4);
    expect(of('run/finished')[0]?.results).toMatchObject({ steps: 4, after: null, history: [] });
    expect(await store.readRun('r1')).toMatchObject({ status: 'stopped', step: 4, hasCheckpoint: true });
    // Paused in the last one, then stopped: the run is complete, and was not measured.
    const last = await open({ batches: 40, store });
    await last.reached((progress) => progress.phase === 'evaluating');
    last.run.pause();
    await last.reached((progress) => progress.phase === 'paused');
    last.run.stop();
    await last.run.finished;
    expect(last.of('run/finished')[0]?.results).toMatchObject({ steps: 12, after: null });
    expect(await store.readRun('r1')).toMatchObject({ status: 'done', step: 12, hasCheckpoint: true });
  });

  it('goes on from the checkpoint of a stopped evaluation, and measures then', async () => {
    const first = await open({ batches: 40, everyEpochs: 1 });
    await first.reached((progress) => progress.phase === 'evaluating');
    first.run.stop();
    await first.run.finished;
    const second = await open({ store: first.store, resume: 'r1' });
    await second.run.finished;
    expect(second.of('run/evaluation').map((event) => [event.when, event.point.step])).toEqual([
      ['after', 12],
    ]);
    const stored = await first.store.readRun('r1');
    expect(stored?.metrics.map((row) => row.step)).toEqual([2, 4, 6, 8, 10, 12]);
    expect(stored).toMatchObject({ status: 'done', before: { benignAccuracy: { rate: 0.9 } } });
  });

  it('does what the next step needs first, pauses in it, and keeps what is done', async () => {
    const { run, store, reached, of, ground, steps, phases, busy } = await open({
      groundwork: 40,
      groundworkAt: 4,
    });
    await reached((progress) => progress.note === 'Digging, 3 of 40');
    run.pause();
    await reached((progress) => progress.phase === 'paused');
    const at = ground.done;
    expect([steps(), (await store.readCheckpoint('r1'))?.step]).toEqual([4, 4]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(ground.done).toBe(at);
    const saved = of('run/checkpointed').length;
    expect(await run.checkpoint()).toBe(4);
    expect(of('run/checkpointed').length).toBe(saved + 1);
    await run.singleStep();
    expect([steps(), ground.done]).toEqual([5, 40]);
    run.resume();
    await run.finished;
    expect(phases().filter((phase) => phase === 'preparing')).toHaveLength(3);
    expect([steps(), busy.most]).toEqual([TOTAL, 1]);
  });

  it('stops in the middle of such work, with a checkpoint and without an evaluation', async () => {
    const { run, store, reached, of, ground } = await open({ groundwork: 40 });
    await reached((progress) => progress.note === 'Digging, 3 of 40');
    run.stop();
    await run.finished;
    expect(ground.done).toBeLessThan(40);
    expect(of('run/finished')[0]?.results).toMatchObject({ steps: 0, after: null });
    expect(await store.readRun('r1')).toMatchObject({ status: 'stopped', hasCheckpoint: true });
  });
});
