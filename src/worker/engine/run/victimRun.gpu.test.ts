import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cifarResnetOfDepth } from '../../../compute/nn/cifarResnet';
import { initialState } from '../../../compute/nn/initialise';
import { traceNetwork } from '../../../compute/nn/trace';
import { decodeVictimCheckpoint } from '../../../compute/victim/classifierCheckpoint';
import { writePth } from '../../../formats/exports/pthWriter';
import { parseExperiment, type Experiment } from '../../../protocol/experiment';
import type { Params, RequestName, Result, WorkerEvent } from '../../../protocol/messages';
import { createMemoryStore } from '../../../storage/memoryStore';
import { createEngine, memory, type Engine } from '../engine';
import { loadDrawnSigns } from '../loadDataset';

const STEPS = 3;

/** A tiny classifier, poisoned by Label-Consistent on 120 of the 150 images of class 0: three batches of descent. */
const experimentOf = (options: Record<string, unknown>, train: Record<string, unknown> = {}): Experiment =>
  parseExperiment({
    version: 1,
    name: 'tiny',
    seed: 3,
    model: {
      train: {
        architecture: 'resnet18',
        width: 2,
        batchSize: 8,
        epochs: 1,
        maxSteps: STEPS,
        ...train,
      },
    },
    dataset: { path: 'drawn:signs' },
    attack: { kind: 'label-consistent', target: 0, options: { rate: 0.8, steps: 3, ...options } },
    defense: { kind: 'refine' },
    evaluate: { everyEpochs: 0, logEverySteps: 1, testLimit: 10 },
  });

let engine: Engine;
const events: WorkerEvent[] = [];
const listeners = new Set<() => void>();
const store = createMemoryStore();
const call = async <N extends RequestName>(name: N, params: Params<N>): Promise<Result<N>> =>
  engine.handlers[name](params, { progress: () => undefined });
const until = (happened: (event: WorkerEvent) => boolean) =>
  new Promise<void>((resolve) => {
    const look = () => {
      if (!events.some(happened)) return;
      listeners.delete(look);
      resolve();
    };
    listeners.add(look);
    look();
  });
const noted = (words: string) => (event: WorkerEvent) =>
  event.kind === 'run/progress' && event.progress.note === words;
const paused = (event: WorkerEvent) => event.kind === 'run/progress' && event.progress.phase === 'paused';
const weights = async () => (await call('export/file', { kind: 'victim.safetensors' })).bytes;
const kept = async (runId: string) => {
  const checkpoint = await store.readCheckpoint(runId);
  return checkpoint && { step: checkpoint.step, ...decodeVictimCheckpoint(checkpoint.bytes) };
};
const IMAGE = 32 * 32 * 3;

beforeAll(async () => {
  engine = createEngine({
    store,
    emit: (event) => {
      events.push(event);
      for (const listener of [...listeners]) listener();
    },
    fetchDemo: () => Promise.reject(new Error('no demo')),
  });
  await call('device/open', {});
  engine.session.replaceDataset(await loadDrawnSigns({ trainCount: 1500, testCount: 20 }));
});
afterAll(() => engine.dispose());
beforeEach(() => {
  events.length = 0;
});

describe('a victim that is poisoned with perturbed images', () => {
  const surrogate = initialState(traceNetwork(cifarResnetOfDepth(18, 2, 10)).tensors, 5);
  const given = experimentOf({ surrogate: 'benign.pth' });
  let whole: Uint8Array;

  it('tells how far the perturbing is, and serves others meanwhile', async () => {
    const file = { path: 'benign.pth', blob: new Blob([writePth(surrogate)]) };
    await call('weights/open', { file });
    const { runId, totalSteps } = await call('victim/train', { experiment: given, resume: null });
    expect(totalSteps).toBe(STEPS);
    await until(noted('Perturbing images, 0 of 120'));
    const preview = await call('trigger/preview', { experiment: given, count: 1 });
    expect(preview.clean.count).toBe(1);
    await engine.runs.idle();
    const notes = events.flatMap((event) =>
      event.kind === 'run/progress' && event.progress.note?.startsWith('Perturbing')
        ? [event.progress.note]
        : [],
    );
    expect(notes).toEqual([0, 50, 100, 120].map((done) => `Perturbing images, ${done} of 120`));
    expect(events.filter(({ kind }) => kind === 'run/failed')).toEqual([]);
    expect((await kept(runId))?.groundwork?.bytes.length).toBe(120 * IMAGE);
    whole = await weights();
  });

  it('is paused, checkpointed and stopped between two batches, and goes on to the same weights', async () => {
    const run = await call('victim/train', { experiment: given, resume: null });
    await until(noted('Perturbing images, 50 of 120'));
    await call('run/pause', run);
    await until(paused);
    const half = await kept(run.runId);
    expect(half?.step).toBe(0);
    expect(half?.groundwork?.bytes.length).toBeGreaterThanOrEqual(50 * IMAGE);
    expect(half?.groundwork?.bytes.length).toBeLessThan(120 * IMAGE);
    await call('run/stop', run);
    await engine.runs.idle();
    expect(await call('runs/read', run)).toMatchObject({ status: 'stopped', step: 0, hasCheckpoint: true });
    events.length = 0;
    await call('victim/train', { experiment: given, resume: run.runId });
    await engine.runs.idle();
    expect(events.some(noted('Perturbing images, 0 of 120'))).toBe(false);
    expect(events.filter(({ kind }) => kind === 'run/failed')).toEqual([]);
    expect(await weights()).toEqual(whole);
  });

  it('trains its surrogate first, perturbs after its last step, and resumes from in between bit by bit', async () => {
    const own = experimentOf({});
    const first = await call('victim/train', { experiment: own, resume: null });
    expect(first.totalSteps).toBe(2 * STEPS);
    await engine.runs.idle();
    const uninterrupted = await weights();
    const tensors = memory().tensors;
    events.length = 0;
    const run = await call('victim/train', { experiment: own, resume: null });
    await until(noted('Perturbing images, 50 of 120'));
    await call('run/stop', run);
    await engine.runs.idle();
    const half = await kept(run.runId);
    expect([half?.step, half?.stage]).toEqual([STEPS, 'surrogate']);
    const resumed = events.length;
    await call('victim/train', { experiment: own, resume: run.runId });
    await engine.runs.idle();
    expect(events.slice(resumed).some(noted('Perturbing images, 0 of 120'))).toBe(false);
    expect(await weights()).toEqual(uninterrupted);
    expect(memory().tensors).toBe(tensors);
  });

  it('perturbs anew where the kept images are of other options', async () => {
    // The surrogate's stage is the same under every attack, so that its checkpoint resumes under another.
    const run = await call('victim/train', { experiment: experimentOf({}), resume: null });
    await until(noted('Perturbing images, 50 of 120'));
    await call('run/stop', run);
    await engine.runs.idle();
    events.length = 0;
    const other = experimentOf({ epsilon: 2 });
    await call('victim/train', { experiment: other, resume: run.runId });
    await engine.runs.idle();
    expect(events.some(noted('Perturbing images, 0 of 120'))).toBe(true);
    // A step later it is the victim's stage, which does not.
    await expect(
      call('victim/train', { experiment: experimentOf({}), resume: run.runId }),
    ).rejects.toMatchObject({ code: 'train/checkpoint-mismatch' });
  });

  it('refuses start weights of another network in one sentence, before anything is trained', async () => {
    const other = initialState(traceNetwork(cifarResnetOfDepth(18, 4, 10)).tensors, 5);
    await call('weights/open', { file: { path: 'wide.pth', blob: new Blob([writePth(other)]) } });
    const wide = experimentOf({ surrogate: 'benign.pth' }, { initialWeights: 'wide.pth' });
    await expect(call('victim/train', { experiment: wide, resume: null })).rejects.toMatchObject({
      code: 'model/shape-mismatch',
      subject: 'model.train.initialWeights',
      message: expect.stringMatching(
        /^The classifier \(.*\) cannot start from wide\.pth: .* is needed\.$/,
      ) as string,
    });
    expect(engine.runs.active).toBeNull();
  });
});
