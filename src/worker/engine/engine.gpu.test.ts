import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  CLASSES,
  victimBytes,
  file,
  experimentOf,
  openSmallEngine,
  loaded,
  bytesOf,
  textOf,
  type SmallEngine,
} from '../../../tests/setup/smallEngine';
import { initialState } from '../../compute/nn/initialise';
import { traceNetwork } from '../../compute/nn/trace';
import { unet } from '../../compute/nn/unet';
import { writeBundle } from '../../formats/exports/bundle';
import { writePth } from '../../formats/exports/pthWriter';
import { writeSafetensors } from '../../formats/exports/safetensorsWriter';
import { readModel } from '../../formats/models/readModel';
import { parseExperiment } from '../../protocol/experiment';
import { memory } from './engine';
import { loadDrawnSigns } from './loadDataset';

describe('the engine', () => {
  let studio: SmallEngine;
  beforeAll(async () => {
    studio = openSmallEngine();
    const { adapter, attacks, kernels } = await studio.call('device/open', {});
    expect(adapter.name).not.toBe('');
    expect(attacks.map((attack) => attack.kind)).toContain('badnets');
    expect(kernels.active.length + kernels.disabled.length).toBeGreaterThan(0);
    await loaded(studio);
  });
  afterAll(() => studio.engine.dispose());
  beforeEach(() => {
    studio.events.length = 0;
  });

  it('runs the main job from start to exports', async () => {
    const experiment = experimentOf();
    const { runId, totalSteps } = await studio.call('run/start', { experiment, resume: null });
    expect(totalSteps).toBe(3);
    await expect(studio.call('run/start', { experiment, resume: null })).rejects.toMatchObject({
      code: 'worker/busy',
    });
    await expect(
      studio.call('model/open', { file: file('victim.pth', victimBytes()) }),
    ).rejects.toMatchObject({ code: 'worker/busy' });
    await studio.engine.runs.idle();
    expect(studio.of('run/failed')).toEqual([]);
    expect(studio.of('run/metrics').flatMap((event) => event.rows.map((row) => row.step))).toEqual([1, 2, 3]);
    expect(studio.of('run/evaluation').map((event) => event.when)).toEqual(['before', 'after']);
    expect(studio.of('run/grid').map((event) => [event.grid.step, event.grid.rows.length])).toEqual([
      [0, 4],
      [3, 4],
    ]);
    const results = studio.of('run/finished')[0]?.results;
    expect(results).toMatchObject({ name: 'tiny', steps: 3, epochs: 3 / 5 });
    expect(results?.before?.benignAccuracy?.of).toBe(12);
    expect(results?.after?.agreementWithOriginal?.of).toBe(12);
    expect(await studio.call('runs/list', {})).toMatchObject([
      { id: runId, status: 'done', hasCheckpoint: true },
    ]);

    const { state } = await readModel(file('t.pth', (await bytesOf(studio, 'transform.pth')) as BlobPart));
    expect(state.size).toBe(128);
    expect(JSON.parse(await textOf(studio, 'label_map.json'))).toEqual(results?.labelMap);
    expect((await textOf(studio, 'metrics.csv')).trim().split('\n')).toHaveLength(4);
    expect(JSON.parse(await textOf(studio, 'results.json'))).toEqual(results);
    const written = parseExperiment(JSON.parse(await textOf(studio, 'experiment.json')));
    expect({ ...written, inputs: undefined }).toEqual({ ...experiment, inputs: undefined });
    expect(written.inputs?.model).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('restores an exported bundle to the same predictions, and exports it again', async () => {
    const before = await studio.call('analysis/grid', { count: 6 });
    const after = await studio.call('evaluate/after', {});
    const bundle = await bytesOf(studio, 'bundle.zip');
    const weights = await bytesOf(studio, 'transform.safetensors');
    const restored = await studio.call('bundle/open', { files: [file('bundle.zip', bundle as BlobPart)] });
    expect(restored).toMatchObject({ firstChannels: 2, experiment: { name: 'tiny' } });
    const grid = await studio.call('analysis/grid', { count: 6 });
    expect(grid.rows.map((row) => row.predictions)).toEqual(before.rows.map((row) => row.predictions));
    expect(grid.rows[3]?.images.pixels).toEqual(before.rows[3]?.images.pixels);
    expect(grid.step).toBe(3);
    expect(await studio.call('evaluate/after', {})).toEqual(after);
    expect(await bytesOf(studio, 'transform.safetensors')).toEqual(weights);
    expect(await bytesOf(studio, 'bundle.zip')).toEqual(bundle);
  });

  it('refuses a bundle that does not fit the model, and keeps the defence that was there', async () => {
    const state = initialState(traceNetwork(unet(2)).tensors, 1);
    const bundle = async (map: number[], weights: Uint8Array) =>
      file(
        'b.zip',
        await writeBundle([
          { name: 'transform.safetensors', content: weights },
          { name: 'label_map.json', content: JSON.stringify(map) },
        ]),
      );
    const wrongSize = await bundle([1, 2, 0], writeSafetensors(state));
    await expect(studio.call('bundle/open', { files: [wrongSize] })).rejects.toMatchObject({
      code: 'map/wrong-size',
    });
    const identity = Array.from({ length: CLASSES }, (_, i) => i);
    const broken = new Map(state);
    broken.delete('up1.conv.double_conv.0.weight');
    const wrongKeys = await bundle(identity, writeSafetensors(broken));
    await expect(studio.call('bundle/open', { files: [wrongKeys] })).rejects.toMatchObject({
      code: 'model/unknown-architecture',
    });
    await expect(
      studio.call('bundle/open', { files: [file('label_map.json', '[0,1]')] }),
    ).rejects.toMatchObject({ code: 'file/missing' });
    expect((await studio.call('analysis/grid', { count: 2 })).rows).toHaveLength(4);
  });

  it('loses nothing to a failed load', async () => {
    const { summary } = studio.engine.session.requireModel();
    await expect(studio.call('model/open', { file: file('x.pth', '<html>404') })).rejects.toMatchObject({
      code: 'file/foreign',
      subject: 'x.pth',
    });
    const transform = writePth(initialState(traceNetwork(unet(2)).tensors, 1));
    await expect(studio.call('model/open', { file: file('u.pth', transform) })).rejects.toMatchObject({
      code: 'model/unknown-architecture',
    });
    await expect(studio.call('dataset/open', { files: [file('d.zip', 'PK')] })).rejects.toThrow(/d\.zip/);
    expect(studio.engine.session.requireModel().summary).toBe(summary);
    expect(studio.engine.session.requireDataset().summary.trainCount).toBe(40);
    expect((await studio.call('analysis/grid', { count: 1 })).rows).toHaveLength(4);
  });

  it('pauses, answers meanwhile, steps, checkpoints, and goes on from the checkpoint to the same weights', async () => {
    const experiment = experimentOf({ epochs: 2, maxSteps: 6 }, 1);
    const first = await studio.call('run/start', { experiment, resume: null });
    await studio.call('run/pause', first);
    await studio.until(studio.phase('paused'));
    await studio.call('run/step', first);
    await studio.call('run/step', first);
    const grid = await studio.call('analysis/grid', { count: 3 });
    expect(grid.step).toBe((await studio.call('run/checkpoint', first)).step);
    const saved = (await studio.store.readCheckpoint(first.runId))?.step ?? 0;
    expect(saved).toBeGreaterThanOrEqual(2);
    await studio.call('run/resume', first);
    await studio.engine.runs.idle();
    expect(studio.of('run/failed')).toEqual([]);
    const whole = await bytesOf(studio, 'transform.safetensors');

    // The same run again, cut off at step 2 by a stop, then resumed from its checkpoint.
    const second = await studio.call('run/start', { experiment, resume: null });
    await studio.call('run/pause', second);
    await studio.call('run/step', second);
    await studio.call('run/step', second);
    await studio.call('run/stop', second);
    await studio.engine.runs.idle();
    const stopped = await studio.call('runs/read', second);
    expect(stopped).toMatchObject({ status: 'stopped', hasCheckpoint: true });
    expect(stopped.step).toBeLessThan(6);
    await studio.call('run/start', { experiment, resume: second.runId });
    await studio.engine.runs.idle();
    expect(await bytesOf(studio, 'transform.safetensors')).toEqual(whole);
    const run = await studio.call('runs/read', second);
    expect(run.metrics.map((row) => row.step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(run.history.map((point) => point.step)).toEqual([5]);
    await expect(
      studio.call('run/start', { experiment: experimentOf({ batchSize: 5 }), resume: second.runId }),
    ).rejects.toMatchObject({ code: 'train/checkpoint-mismatch' });
  });

  it('serves a grid in the middle of an evaluation, pauses it and stops it, to the same figures', async () => {
    // Images enough for an evaluation of several batches.
    const experiment = parseExperiment({
      ...experimentOf(),
      dataset: { path: 'drawn:signs', train: 20, test: null },
    });
    const whole = await loadDrawnSigns({ trainCount: 40, testCount: 600 });
    studio.engine.session.replaceDataset(whole);
    const wanted = await studio.call('evaluate/before', { experiment });
    studio.engine.session.replaceDataset({ ...whole });
    const order: string[] = [];
    const measured = studio
      .call('evaluate/before', { experiment })
      .then((result) => order.push('measured') && result);
    await studio.call('analysis/grid', { count: 1 }).then(() => order.push('grid'));
    expect(await measured).toEqual(wanted);
    expect(order).toEqual(['grid', 'measured']);

    studio.engine.session.replaceDataset({ ...whole });
    const run = await studio.call('run/start', { experiment, resume: null });
    await studio.until(studio.phase('evaluating-before'));
    await studio.call('run/pause', run);
    await studio.until(studio.phase('paused'));
    expect(studio.of('run/evaluation')).toEqual([]);
    expect((await studio.call('analysis/grid', { count: 1 })).step).toBe(0);
    await studio.call('run/resume', run);
    await studio.until(studio.phase('evaluating'));
    await studio.call('run/stop', run);
    await studio.engine.runs.idle();
    const results = studio.of('run/finished')[0]?.results;
    expect(results).toMatchObject({ steps: 3, after: null });
    expect(results?.before).toEqual(wanted);
    expect(await studio.call('runs/read', run)).toMatchObject({ status: 'done', hasCheckpoint: true });
    studio.engine.session.replaceDataset(await loadDrawnSigns({ trainCount: 40, testCount: 20 }));
  });

  it('calls an evaluation off when the model it measures is replaced', async () => {
    const whole = await loadDrawnSigns({ trainCount: 40, testCount: 600 });
    studio.engine.session.replaceDataset(whole);
    const experiment = parseExperiment({ ...experimentOf(), dataset: { path: 'drawn:signs' } });
    const measured = studio.call('evaluate/before', { experiment });
    const refused = expect(measured).rejects.toMatchObject({ code: 'aborted' });
    await loaded(studio);
    await refused;
    expect((await studio.call('evaluate/before', { experiment: experimentOf() })).benignAccuracy?.of).toBe(
      12,
    );
    await studio.call('run/start', { experiment: experimentOf(), resume: null });
    await studio.engine.runs.idle();
  });

  it('refuses what cannot run, before anything is lost', async () => {
    const tooLarge = studio.call('run/start', { experiment: experimentOf({ batchSize: 100 }), resume: null });
    await expect(tooLarge).rejects.toMatchObject({ code: 'experiment/batch-too-large' });
    const startsFrom = { experiment: experimentOf({ initialWeights: 't.pth' }), resume: null };
    await expect(studio.call('run/start', startsFrom)).rejects.toMatchObject({ code: 'file/missing' });
    const unet4 = file('t.pth', writePth(initialState(traceNetwork(unet(4)).tensors, 1)));
    expect(await studio.call('weights/open', { file: unet4 })).toMatchObject({ firstChannels: 4 });
    await expect(studio.call('run/start', startsFrom)).rejects.toMatchObject({
      code: 'model/shape-mismatch',
      subject: 'defense.initialWeights',
    });
    const map = { kind: 'explicit', permutation: [1, 0] };
    const wrongMap = studio.call('run/start', { experiment: experimentOf({ mapping: map }), resume: null });
    await expect(wrongMap).rejects.toMatchObject({ code: 'map/wrong-size' });
    expect((await studio.call('analysis/grid', { count: 1 })).rows).toHaveLength(4);
    expect(studio.engine.runs.active).toBeNull();
  });

  it('embeds features before and after on shared axes', async () => {
    const request = { points: 24, perplexity: 5, iterations: 30, seed: 1 };
    const result = await studio.call('analysis/tsne', request);
    expect(result.points).toBe(24);
    expect([result.before.length, result.after.length, result.labels.length]).toEqual([48, 48, 24]);
    expect([...result.triggered]).toEqual([...Array(12).fill(0), ...Array(12).fill(1)]);
    expect([...result.labels.subarray(0, 12)]).toEqual([...result.labels.subarray(12)]);
    expect([...result.before, ...result.after].every(Number.isFinite)).toBe(true);
    expect(await studio.call('analysis/tsne', request)).toMatchObject({ before: result.before });
  });

  it('previews triggers and maps, and proposes a normalisation', async () => {
    const preview = await studio.call('trigger/preview', { experiment: experimentOf(), count: 3 });
    const changed = preview.triggered.pixels.reduce(
      (sum, value, i) => sum + (value === preview.clean.pixels[i] ? 0 : 1),
      0,
    );
    expect(changed).toBeGreaterThan(0);
    expect(changed).toBeLessThanOrEqual(3 * 9 * 3);
    const settings = { kind: 'derangement', seed: 666 } as const;
    expect(await studio.call('map/preview', { settings, classes: 10, seed: 0 })).toEqual({
      map: [5, 7, 0, 9, 3, 4, 8, 1, 6, 2],
    });
    const proposal = await studio.call('model/propose-normalization', { channelOrder: 'RGB' });
    expect(proposal.candidates).toHaveLength(5);
    expect(proposal.candidates.every((candidate) => candidate.sample === 20)).toBe(true);
  });

  it('keeps no tensors from one run to the next', async () => {
    const run = async () => {
      await studio.call('run/start', { experiment: experimentOf(), resume: null });
      await studio.engine.runs.idle();
      await studio.call('analysis/grid', { count: 1 });
      return memory().tensors;
    };
    const once = await run();
    expect(await run()).toBe(once);
  });
});
