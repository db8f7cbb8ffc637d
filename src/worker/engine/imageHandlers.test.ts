import { afterEach, describe, expect, it } from 'vitest';
import { fixtureFile } from '../../../tests/setup/inputFile';
import type { WorkerEvent } from '../../protocol/messages';
import { parseExperiment } from '../../protocol/experiment';
import { DecodedStores } from '../../storage/decodedStores';
import { createMemoryStore } from '../../storage/memoryStore';
import { MemoryRandomFiles } from '../../storage/memoryRandomFiles';
import type { RunStore } from '../../storage/runStore';
import { createEngine, type Engine } from './engine';
import { loadDataset, loadTransformImages } from './loadDataset';

const QUIET = { progress: () => undefined };
const engines: Engine[] = [];
afterEach(async () => {
  for (const engine of engines.splice(0)) await engine.dispose();
});

function engineOn(store: RunStore): Engine {
  const engine = createEngine({
    store,
    emit: (_: WorkerEvent) => undefined,
    fetchDemo: () => Promise.reject(new Error('no demo here')),
    decoded: new DecodedStores(new MemoryRandomFiles()),
  });
  engines.push(engine);
  return engine;
}

const experiment = (transformPath: string | null) =>
  parseExperiment({
    version: 1,
    name: 'x',
    model: { path: 'm.pth' },
    dataset: { path: 'd', transformPath },
    defense: { kind: 'refine' },
  });

describe('images for the transform alone', () => {
  it('are trained on under the experiment’s name for them, and survive a reload', async () => {
    const store = createMemoryStore();
    const { handlers, session } = engineOn(store);
    const [data, other] = [
      await fixtureFile('datasets/arrays/nhwc.npz'),
      await fixtureFile('datasets/two-classes.zip'),
    ];
    await expect(
      handlers['transform-images/open']({ path: '../other.zip', files: [other] }, QUIET),
    ).rejects.toMatchObject({ code: 'worker/nothing-loaded' });
    await handlers['dataset/open']({ files: [data] }, QUIET);
    const summary = await handlers['transform-images/open']({ path: '../other.zip', files: [other] }, QUIET);
    expect(summary).toMatchObject({ path: '../other.zip', count: 6, labelled: true });
    const { count } = session.trainingImages(experiment('../other.zip'));
    expect(count).toBe(6);
    const before = session.trainingImages(experiment(null));

    // What cannot be opened leaves what was there.
    const broken = { path: 'broken.zip', blob: new Blob(['nothing of the kind']) };
    await expect(
      handlers['transform-images/open']({ path: 'broken.zip', files: [broken] }, QUIET),
    ).rejects.toMatchObject({ code: 'file/unrecognised' });
    expect(session.trainingImages(experiment('../other.zip')).count).toBe(6);

    const later = engineOn(store);
    const restored = await later.handlers['session/restore']({}, QUIET);
    expect(restored.transformImages).toEqual(summary);
    const split = later.session.trainingImages(experiment('../other.zip'));
    const wanted = session.trainingImages(experiment('../other.zip'));
    expect(await split.read([0, 5])).toEqual(await wanted.read([0, 5]));

    await later.handlers['transform-images/remove']({}, QUIET);
    expect(() => later.session.trainingImages(experiment('../other.zip'))).toThrow('not loaded');
    expect(later.session.trainingImages(experiment(null)).count).toBe(before.count);
    const gone = await engineOn(store).handlers['session/restore']({}, QUIET);
    expect(gone.transformImages).toBeNull();
    expect(gone.dataset).not.toBeNull();
  });

  it('are resized from what they were when a data set of another size takes the place', async () => {
    const { handlers, session } = engineOn(createMemoryStore());
    const picture = await fixtureFile('datasets/mini-cifar-binary.tar.gz');
    await handlers['dataset/open']({ files: [await fixtureFile('datasets/arrays/nhwc.npz')] }, QUIET);
    await handlers['transform-images/open']({ path: 'p.tar.gz', files: [picture] }, QUIET);
    const small = session.dataset!.dataset;
    await handlers['dataset/open']({ files: [picture] }, QUIET);
    const large = session.dataset!.dataset;
    expect([large.height, large.width]).not.toEqual([small.height, small.width]);
    const direct = await loadTransformImages('p.tar.gz', [picture], large);
    expect(await session.trainingImages(experiment('p.tar.gz')).read([0, 1, 2, 3])).toEqual(
      await direct.dataset.train.read([0, 1, 2, 3]),
    );
    // At the size they came in, nothing has been done to them.
    expect(await direct.dataset.train.read([0])).toEqual(
      await (await loadDataset([picture], null)).dataset.train.read([0]),
    );
  });
});
