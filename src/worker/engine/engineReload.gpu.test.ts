import { describe, expect, it } from 'vitest';
import {
  CLASSES,
  victimBytes,
  file,
  experimentOf,
  openSmallEngine,
  loaded,
  bytesOf,
} from '../../../tests/setup/smallEngine';
import { tf, WebGPUBackend } from '../../compute/tf';
import { createMemoryStore } from '../../storage/memoryStore';

describe('an engine over a reload', () => {
  it('offers back model, images, experiment and run', async () => {
    const store = createMemoryStore();
    const before = openSmallEngine(store);
    await before.call('device/open', {});
    const demo = await before.call('demo/open', {});
    expect(demo.dataset.summary).toMatchObject({ classNames: { length: CLASSES }, labelled: true });
    expect(demo.experiment.dataset.path).toBe('drawn:signs');
    await before.call('model/open', { file: file('own.pth', victimBytes()) });
    await before.call('weights/open', { file: file('benign.pth', victimBytes()) });
    const experiment = experimentOf();
    const { runId } = await before.call('run/start', { experiment, resume: null });
    await before.engine.runs.idle();
    await before.engine.dispose();
    await expect(before.call('device/open', {})).rejects.toMatchObject({ code: 'worker/crashed' });

    const after = openSmallEngine(store);
    await after.call('device/open', {});
    const restored = await after.call('session/restore', {});
    expect(restored.model?.summary.fileName).toBe('own.pth');
    expect(restored.dataset?.summary.format).toBe('drawn');
    expect(restored.experiment).toEqual(experiment);
    expect(restored.run).toMatchObject({ id: runId, status: 'done' });
    expect(restored.weights).toEqual([
      { path: 'benign.pth', label: expect.stringContaining('ResNet-18') as string, firstChannels: null },
    ]);
    const surrogate = await after.engine.session.tensorsOf('benign.pth', 'attack.options.surrogate');
    expect(surrogate.size).toBe(122);
    // A finished run goes on from its last checkpoint to its end at once, and can be exported.
    await after.call('run/start', { experiment, resume: runId });
    await after.engine.runs.idle();
    expect(after.of('run/metrics')).toEqual([]);
    expect((await bytesOf(after, 'transform.safetensors')).length).toBeGreaterThan(1000);
    await after.call('session/clear', {});
    expect(await after.call('session/restore', {})).toMatchObject({ experiment: null });
    await after.engine.dispose();
  });

  it('says so in plain words where nothing is loaded', async () => {
    const empty = openSmallEngine();
    for (const call of [
      () => empty.call('analysis/grid', { count: 1 }),
      () => empty.call('evaluate/after', {}),
      () => empty.call('export/file', { kind: 'bundle.zip' }),
      () => empty.call('run/start', { experiment: experimentOf(), resume: null }),
      () => empty.call('run/pause', { runId: 'none' }),
      () => empty.call('runs/read', { runId: 'none' }),
      () => empty.call('dataset/images', { split: 'train', classIndex: null, offset: 0, count: 1 }),
    ]) {
      await expect(call()).rejects.toMatchObject({ code: 'worker/nothing-loaded' });
    }
    await empty.engine.dispose();
  });

  it('ends a run with its checkpoint kept when the device is lost', async () => {
    const studio = openSmallEngine();
    await studio.call('device/open', {});
    await loaded(studio);
    const run = await studio.call('run/start', {
      experiment: experimentOf({ epochs: 9, maxSteps: 40 }),
      resume: null,
    });
    const { step } = await studio.call('run/checkpoint', run);
    const backend = tf.backend();
    if (!(backend instanceof WebGPUBackend)) throw new Error('not on WebGPU');
    backend.device.destroy();
    await studio.until((event) => event.kind === 'run/failed');
    expect(studio.of('device/lost')[0]?.error.code).toBe('gpu/device-lost');
    expect(studio.of('run/failed')[0]?.error.code).toBe('gpu/device-lost');
    const kept = await studio.store.readCheckpoint(run.runId);
    expect(kept?.step ?? -1).toBeGreaterThanOrEqual(step);
    await expect(studio.call('device/open', {})).rejects.toMatchObject({ code: 'gpu/device-lost' });
    await studio.engine.dispose();
  });
});
