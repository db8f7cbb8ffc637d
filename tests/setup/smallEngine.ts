import { cifarResnetOfDepth } from '../../src/compute/nn/cifarResnet';
import { initialState } from '../../src/compute/nn/initialise';
import { traceNetwork } from '../../src/compute/nn/trace';
import { writePth } from '../../src/formats/exports/pthWriter';
import { parseExperiment, type Experiment } from '../../src/protocol/experiment';
import type { Params, RequestName, Result, WorkerEvent } from '../../src/protocol/messages';
import { createMemoryStore } from '../../src/storage/memoryStore';
import type { RunStore } from '../../src/storage/runStore';
import { createEngine, type Engine } from '../../src/worker/engine/engine';
import { loadDrawnSigns } from '../../src/worker/engine/loadDataset';

export const CLASSES = 10;

/** A victim's `.pth`, of width 2 with seeded weights. */
export const victimBytes = (classes = CLASSES) =>
  writePth(initialState(traceNetwork(cifarResnetOfDepth(18, 2, classes)).tensors, 5));
/** A file as the page sends it. */
export const file = (path: string, ...parts: BlobPart[]) => ({ path, blob: new Blob(parts) });

/** Three steps of REFINE on a few of the built-in signs; `change` goes into its defence. */
export const experimentOf = (change: Record<string, unknown> = {}, everyEpochs = 0): Experiment =>
  parseExperiment({
    version: 1,
    name: 'tiny',
    seed: 3,
    model: { path: 'victim.pth' },
    dataset: { path: 'drawn:signs', train: 20, test: 12 },
    attack: { kind: 'badnets', target: 0 },
    defense: {
      kind: 'refine',
      recipe: 'paper',
      firstChannels: 2,
      batchSize: 4,
      epochs: 1,
      maxSteps: 3,
      schedule: { kind: 'constant' },
      optimizer: { kind: 'adam', learningRate: 0.01 },
      ...change,
    },
    evaluate: { everyEpochs, logEverySteps: 1 },
  });

/** An engine with its events, and the page's way of asking. */
export function openSmallEngine(store: RunStore = createMemoryStore()) {
  const events: WorkerEvent[] = [];
  const listeners = new Set<() => void>();
  const engine: Engine = createEngine({
    store,
    emit: (event) => {
      events.push(event);
      for (const listener of [...listeners]) listener();
    },
    fetchDemo: () => Promise.resolve(new Blob([victimBytes()])),
  });
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
  const of = <K extends WorkerEvent['kind']>(kind: K) =>
    events.filter((event): event is Extract<WorkerEvent, { kind: K }> => event.kind === kind);
  const phase = (wanted: string) => (event: WorkerEvent) =>
    event.kind === 'run/progress' && event.progress.phase === wanted;
  return { engine, store, events, call, until, of, phase };
}
export type SmallEngine = ReturnType<typeof openSmallEngine>;

/** Loads the victim and forty of the built-in signs. */
export async function loaded(opened: SmallEngine): Promise<void> {
  await opened.call('model/open', { file: file('victim.pth', victimBytes()) });
  opened.engine.session.replaceDataset(await loadDrawnSigns({ trainCount: 40, testCount: 20 }));
}

/** An export's bytes. */
export const bytesOf = async (opened: SmallEngine, kind: Params<'export/file'>['kind']) =>
  (await opened.call('export/file', { kind })).bytes;
/** An export as text. */
export const textOf = async (opened: SmallEngine, kind: Params<'export/file'>['kind']) =>
  new TextDecoder().decode(await bytesOf(opened, kind));
