import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { recogniseNetwork } from '../../compute/nn/registry';
import { readModel } from '../../formats/models/readModel';
import type { Params, RequestName, Result, WorkerEvent } from '../../protocol/messages';
import { createMemoryStore } from '../../storage/memoryStore';
import type { RunStore } from '../../storage/runStore';
import { createEngine, type Engine } from './engine';
import { loadDrawnSigns } from './loadDataset';

/** A matrix of tiny runs on the built-in signs: the victims are trained first. */
const file = (change: Record<string, unknown> = {}, train: Record<string, unknown> = {}) => ({
  version: 1,
  name: 'matrix of two',
  seed: 3,
  model: {
    train: {
      architecture: 'resnet18',
      width: 2,
      schedule: { kind: 'constant' },
      optimizer: { kind: 'adam', learningRate: 0.003 },
      batchSize: 8,
      maxSteps: 3,
      ...train,
    },
  },
  dataset: { path: 'drawn:signs', train: 24, test: 12 },
  attack: { kind: 'badnets', target: 0 },
  defense: {
    kind: 'refine',
    recipe: 'paper',
    firstChannels: 2,
    batchSize: 8,
    maxSteps: 2,
    schedule: { kind: 'constant' },
  },
  evaluate: { everyEpochs: 0, logEverySteps: 1 },
  ...change,
});
const SWEEP = { axes: [{ key: 'defense.supconWeight', values: [0, 0.1] }] };

function open(store: RunStore) {
  const events: WorkerEvent[] = [];
  const engine: Engine = createEngine({
    store,
    emit: (event) => void events.push(event),
    fetchDemo: () => Promise.reject(new Error('not asked for here')),
  });
  const call = <N extends RequestName>(name: N, params: Params<N>): Promise<Result<N>> =>
    Promise.resolve(engine.handlers[name](params, { progress: () => undefined }));
  const of = <K extends WorkerEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<WorkerEvent, { kind: K }> => event.kind === kind);
  const until = async (happened: () => boolean) => {
    while (!happened()) await new Promise((resolve) => setTimeout(resolve, 20));
  };
  return { engine, events, call, of, until };
}

let studio: ReturnType<typeof open>;
const store = createMemoryStore();
beforeAll(async () => {
  studio = open(store);
  studio.engine.session.replaceDataset(await loadDrawnSigns({ trainCount: 40, testCount: 20 }));
});
beforeEach(() => void studio.events.splice(0));
afterAll(() => studio.engine.dispose());

describe('a classifier made here', () => {
  it('is trained, paused, resumed from its checkpoint, exported and taken as the model', async () => {
    const { call, of, until } = studio;
    const experiment = file({}, { maxSteps: 6 });
    const draft = experiment as unknown as Params<'victim/train'>['experiment'];
    const { runId, totalSteps } = await call('victim/train', { experiment: draft, resume: null });
    expect(totalSteps).toBe(6);
    await call('run/pause', { runId });
    await until(() => of('run/progress').some(({ progress }) => progress.phase === 'paused'));
    await call('run/resume', { runId });
    await until(() => of('run/finished').length === 1);
    const { results } = of('run/finished')[0]!;
    expect(results.after?.benignAccuracy?.of).toBe(12);
    expect(results.after?.attackSuccessRate?.of).toBeGreaterThan(8);
    expect(of('run/metrics').flatMap(({ rows }) => rows).length).toBe(6);
    const [stored] = await call('runs/list', {});
    expect(stored).toMatchObject({ id: runId, kind: 'victim', status: 'done' });

    const { bytes } = await call('export/file', { kind: 'victim.pth' });
    const model = await readModel({ path: 'victim.pth', blob: new Blob([Uint8Array.from(bytes)]) });
    expect(recogniseNetwork(model.state)?.classes).toBe(10);
    const poisoning = await call('export/file', { kind: 'poisoning.json' });
    const summary = JSON.parse(new TextDecoder().decode(poisoning.bytes)) as { poison: number };
    expect(summary.poison).toBe(2);
    const adopted = await call('victim/adopt', {});
    expect(adopted.summary).toMatchObject({ verdict: 'can-be-defended', classes: 10 });
  });

  it.each([
    ['an unknown architecture', file({}, { architecture: 'lenet' }), /no architecture "lenet"/],
    [
      'a target there is no class for',
      file({ attack: { kind: 'badnets', target: 10 } }),
      /10 does not exist/,
    ],
    [
      'a rate that poisons nothing',
      file({ attack: { kind: 'badnets', target: 0, options: { rate: 0.001 } } }),
      /not one would be poisoned/,
    ],
    [
      'a trigger larger than the image',
      file({ attack: { kind: 'badnets', target: 0, options: { size: 40 } } }),
      /larger than the images/,
    ],
    ['a batch larger than the data', file({}, { batchSize: 200 }), /batch/i],
  ])('is refused before any work with %s', async (_name, draft, sentence) => {
    const experiment = draft as unknown as Params<'victim/train'>['experiment'];
    await expect(studio.call('victim/train', { experiment, resume: null })).rejects.toThrow(sentence);
    expect(studio.events.filter(({ kind }) => kind === 'run/progress')).toEqual([]);
  });
});

describe('a sweep', () => {
  it('runs every cell, trains a shared victim once, and is not run again', async () => {
    const { call, of, until } = studio;
    const loaded = studio.engine.session.model;
    const { cells, rows } = await call('sweep/start', { file: file({ sweep: SWEEP }) });
    expect(cells.map(({ id }) => id)).toEqual(['0-0', '1-0.1']);
    expect(rows).toEqual([]);
    await expect(call('sweep/start', { file: file() })).rejects.toThrow(/sweep is under way/);
    const ended = () => of('sweep/progress').some(({ progress }) => progress.status !== 'running');
    await until(ended);
    expect(of('sweep/progress').at(-1)?.progress).toEqual({
      status: 'done',
      index: 2,
      count: 2,
      stage: null,
    });
    const [first, second] = of('sweep/row').map(({ row }) => row);
    expect(first?.failure).toBeNull();
    expect(first?.victim?.steps).toBe(3);
    expect(first?.results?.steps).toBe(2);
    expect(second?.victim).toBeNull();
    expect(second?.results?.before).toEqual(first?.results?.before);
    expect(second?.values).toEqual([{ key: 'defense.supconWeight', value: 0.1 }]);
    // The page goes on with the model that was loaded before.
    expect(studio.engine.session.model?.summary.fileName).toBe('matrix-of-two-victim.pth');
    expect(studio.engine.session.model).toBe(loaded);

    studio.events.splice(0);
    const again = await call('sweep/start', { file: file({ sweep: SWEEP }) });
    expect(again.rows).toEqual([first, second]);
    await until(ended);
    expect(of('run/progress')).toEqual([]);
    expect((await call('sweep/read', {}))?.rows).toEqual([first, second]);
  });

  it('stops after the current step and goes on with what is missing', async () => {
    const { call, of, until } = studio;
    const three = { axes: [{ key: 'defense.supconWeight', values: [0.2, 0.3, 0.4] }] };
    await call('sweep/start', { file: file({ sweep: three }) });
    await until(() => of('sweep/row').length === 1);
    await call('sweep/stop', {});
    const ended = () => of('sweep/progress').some(({ progress }) => progress.status !== 'running');
    await until(ended);
    expect(of('sweep/progress').at(-1)?.progress.status).toBe('stopped');
    studio.events.splice(0);
    const { rows } = await call('sweep/start', { file: file({ sweep: three }) });
    expect(rows).toHaveLength(1);
    await until(ended);
    expect(of('sweep/row').map(({ row }) => row.id)).toEqual(['1-0.3', '2-0.4']);
  });

  it.each([
    ['over files', { axes: [{ key: 'dataset.path', values: ['a', 'b'] }] }, /needs the command line/],
    [
      'with a cell that does not fit',
      { axes: [{ key: 'attack.target', values: [0, 12] }] },
      /12 does not exist/,
    ],
  ])('is refused %s', async (_name, sweep, sentence) => {
    await expect(studio.call('sweep/start', { file: file({ sweep }) })).rejects.toThrow(sentence);
  });
});
