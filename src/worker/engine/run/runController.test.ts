import { describe, expect, it } from 'vitest';
import { StudioError } from '../../../protocol/errors';
import { parseExperiment } from '../../../protocol/experiment';
import type { RunProgress, SampleGrid, WorkerEvent } from '../../../protocol/messages';
import type { Evaluation } from '../../../protocol/results';
import { createMemoryStore } from '../../../storage/memoryStore';
import type { RunStore } from '../../../storage/runStore';
import { createGpuQueue } from '../gpuQueue';
import { RunController } from './runController';
import { newRecord, resumeRecord, RunJournal } from './runJournal';
import type { RunTrainer } from './trainer';

const TOTAL = 12;
const PER_EPOCH = 4;

const evaluation = (benign: number): Evaluation => ({
  benignAccuracy: { rate: benign, count: benign * 10, of: 10 },
  attackSuccessRate: null,
  landsAtMapOfTarget: null,
  triggeredTrueLabelAccuracy: null,
  agreementWithOriginal: null,
  confusion: null,
  confusionTriggered: null,
});

interface Options {
  readonly startStep?: number;
  readonly everyEpochs?: number;
  readonly failAt?: number;
  readonly stepMs?: number;
  readonly store?: RunStore;
  readonly evaluateBefore?: RunTrainer['evaluateBefore'];
  /** Batches of an evaluation, each a turn; all counted in `batches`. */
  readonly batches?: number;
  readonly resume?: string;
}

/** A run over a trainer that only counts, with its events, its store and a clock of its own. */
async function open(options: Options = {}) {
  const store = options.store ?? createMemoryStore();
  const events: WorkerEvent[] = [];
  const experiment = parseExperiment({
    version: 1,
    name: 'fake',
    model: { path: 'm' },
    dataset: { path: 'd' },
    defense: { kind: 'refine' },
    evaluate: { everyEpochs: options.everyEpochs ?? 0 },
  });
  const resumed = options.resume === undefined ? null : await resumeRecord(store, options.resume);
  let step = resumed?.step ?? options.startStep ?? 0;
  const clock = { ms: 0 };
  const busy = { now: 0, most: 0 };
  const exclusively = async <T>(value: () => T | Promise<T>): Promise<T> => {
    busy.now += 1;
    busy.most = Math.max(busy.most, busy.now);
    await new Promise((resolve) => setTimeout(resolve, 1));
    try {
      return await value();
    } finally {
      busy.now -= 1;
    }
  };
  const measured = { batches: 0 };
  /** An evaluation as the real one asks for its turns: two batches under way at once. */
  const inBatches =
    (value: () => Evaluation): RunTrainer['evaluateNow'] =>
    async ({ turn, signal, onProgress }) => {
      const total = options.batches ?? 2;
      const batch = () =>
        turn(() =>
          exclusively(() => {
            measured.batches += 1;
            onProgress(measured.batches % total, total);
          }),
        );
      for (let done = 0; done < total; done += 2) {
        if (signal.aborted) throw new StudioError('aborted', 'Stopped.');
        await Promise.all([batch(), ...(done + 1 < total ? [batch()] : [])]);
      }
      return value();
    };
  const trainer: RunTrainer = {
    experiment,
    labelMap: [1, 0],
    startStep: step,
    totalSteps: TOTAL,
    stepsPerEpoch: PER_EPOCH,
    compile: (onProgress) =>
      exclusively(() => {
        onProgress(0, 2);
        onProgress(2, 2);
      }),
    next: () =>
      exclusively(() => {
        if (step === TOTAL) return null;
        if (step + 1 === options.failAt)
          throw new StudioError('train/non-finite-loss', 'The loss is infinite.');
        step += 1;
        clock.ms += options.stepMs ?? 1000;
        const epoch = Math.floor((step - 1) / PER_EPOCH);
        const row = {
          step,
          epoch,
          loss: 1 / step,
          classificationLoss: 1,
          supconLoss: 0,
          learningRate: 0.1,
          stepSeconds: 1,
        };
        return {
          step,
          epoch,
          endsEpoch: step % PER_EPOCH === 0,
          row: step % 2 === 0 ? row : null,
          seconds: 1,
        };
      }),
    checkpoint: () => exclusively(() => new Uint8Array([step])),
    evaluateBefore: options.evaluateBefore ?? inBatches(() => evaluation(0.9)),
    evaluateNow: inBatches(() => evaluation(step / 100)),
    grid: () => exclusively((): SampleGrid => ({ step, rows: [], labels: [] })),
    close: () => exclusively(() => undefined),
  };
  const journal = new RunJournal(
    store,
    (event) => events.push(event),
    resumed?.record ?? newRecord('r1', experiment, trainer.labelMap, TOTAL),
    resumed?.step ?? null,
    resumed?.rows,
  );
  const queue = createGpuQueue();
  const run = new RunController(trainer, journal, {
    queue,
    adapter: { name: 'fake', software: true },
    emit: (event) => events.push(event),
    now: () => clock.ms,
  });
  const reached = async (want: (progress: RunProgress) => boolean) => {
    for (let i = 0; i < 2000; i++) {
      if (events.some((event) => event.kind === 'run/progress' && want(event.progress))) return;
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    throw new Error('never came to it');
  };
  const phases = () =>
    events
      .flatMap((event) => (event.kind === 'run/progress' ? [event.progress.phase] : []))
      .filter((phase, i, all) => phase !== all[i - 1]);
  const of = <K extends WorkerEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<WorkerEvent, { kind: K }> => event.kind === kind);
  return { run, journal, store, events, queue, reached, phases, of, busy, measured, steps: () => step };
}

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
