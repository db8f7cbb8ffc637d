import { describe, expect, it } from 'vitest';
import { parseExperiment } from '../protocol/experiment';
import type { MetricsRow } from '../protocol/results';
import type { StorageBackend } from './backend';
import { createKeyedRunStore } from './keyedRunStore';
import { SESSION_CAP_FILES, type RunStore } from './runStore';
import type { RunRecord } from './schemas';

/** A run's record with made-up content. */
export function exampleRecord(id: string, updatedAt: string): RunRecord {
  const experiment = parseExperiment({
    version: 1,
    name: `run ${id}`,
    model: { path: 'm.pth' },
    dataset: { path: 'd.zip' },
    defense: { kind: 'refine' },
  });
  const rate = { rate: 0.5, count: 1, of: 2 };
  const evaluation = {
    benignAccuracy: rate,
    attackSuccessRate: rate,
    landsAtMapOfTarget: rate,
    triggeredTrueLabelAccuracy: rate,
    agreementWithOriginal: null,
    confusion: [1, 0, 0, 1],
    confusionTriggered: null,
  };
  return {
    id,
    kind: 'defense',
    name: experiment.name,
    createdAt: '2026-01-01T00:00:00.000Z',
    updatedAt,
    status: 'paused',
    step: 7,
    totalSteps: 30,
    before: evaluation,
    after: null,
    experiment,
    history: [{ step: 3, epoch: 0, evaluation }],
    labelMap: [1, 2, 0],
    results: null,
    trainingSeconds: 1.5,
  };
}

const rows = (from: number, to: number): MetricsRow[] =>
  Array.from({ length: to - from + 1 }, (_, i) => ({
    step: from + i,
    epoch: 0,
    loss: 1 / (from + i),
    classificationLoss: 0.5,
    supconLoss: 0.25,
    learningRate: 0.01,
    stepSeconds: 0.1,
  }));

/** What every `RunStore` must do; `open` opens the same place again each time it is called within one test. */
export function describeRunStore(name: string, place: () => Promise<() => Promise<StorageBackend>>): void {
  const fresh = async (): Promise<{
    store: RunStore;
    reopen: () => Promise<RunStore>;
    backend: StorageBackend;
  }> => {
    const open = await place();
    const backend = await open();
    return {
      store: createKeyedRunStore(backend),
      reopen: async () => createKeyedRunStore(await open()),
      backend,
    };
  };

  describe(`${name}: runs`, () => {
    it('gives back what was written, after reopening, newest first', async () => {
      const { store, reopen } = await fresh();
      await store.writeRun(exampleRecord('a', '2026-01-02T00:00:00.000Z'));
      await store.writeRun(exampleRecord('b', '2026-01-03T00:00:00.000Z'));
      await store.appendMetrics('a', rows(1, 3));
      await store.appendMetrics('a', rows(4, 5));
      const again = await reopen();
      expect((await again.listRuns()).map((run) => run.id)).toEqual(['b', 'a']);
      const run = await again.readRun('a');
      expect(run).toEqual({
        ...exampleRecord('a', '2026-01-02T00:00:00.000Z'),
        hasCheckpoint: false,
        metrics: rows(1, 5),
      });
      expect(await again.readRun('none')).toBeNull();
    });

    it('forgets the curve after a step, so that a resumed run logs it once', async () => {
      const { store, reopen } = await fresh();
      await store.writeRun(exampleRecord('a', '1'));
      await store.appendMetrics('a', rows(1, 4));
      await store.appendMetrics('a', rows(5, 9));
      await store.truncateMetrics('a', 2);
      await store.appendMetrics('a', rows(3, 3));
      expect((await (await reopen()).readRun('a'))?.metrics.map((row) => row.step)).toEqual([1, 2, 3]);
    });

    it('deletes a run with all that belongs to it, and nothing of its neighbour', async () => {
      const { store, backend } = await fresh();
      for (const id of ['a', 'ab']) {
        await store.writeRun(exampleRecord(id, '1'));
        await store.appendMetrics(id, rows(1, 2));
        await store.writeCheckpoint(id, 2, new Uint8Array([1]));
      }
      await store.deleteRun('a');
      expect((await store.listRuns()).map((run) => run.id)).toEqual(['ab']);
      expect((await store.readRun('ab'))?.metrics).toHaveLength(2);
      expect(await store.readCheckpoint('a')).toBeNull();
      expect((await store.readCheckpoint('ab'))?.step).toBe(2);
      const left = [...(await backend.listJson('')), ...(await backend.listBytes(''))];
      expect(left.filter((key) => /\/a(\/|$)/.test(key))).toEqual([]);
    });

    it('reports a damaged run by its code and still lists the others', async () => {
      const { store, backend } = await fresh();
      await store.writeRun(exampleRecord('a', '1'));
      await store.writeRun(exampleRecord('b', '2'));
      await backend.writeJson('runs/a', { id: 'a', step: 'seven' });
      await expect(store.readRun('a')).rejects.toMatchObject({ code: 'storage/corrupt' });
      expect((await store.listRuns()).map((run) => run.id)).toEqual(['b']);
    });
  });

  describe(`${name}: checkpoints`, () => {
    it('keeps the last one only, byte for byte', async () => {
      const { store, reopen, backend } = await fresh();
      const bytes = Uint8Array.from({ length: 300_000 }, (_, i) => (i * 7) % 251);
      await store.writeCheckpoint('a', 10, new Uint8Array([1, 2, 3]));
      await store.writeCheckpoint('a', 20, bytes);
      const read = await (await reopen()).readCheckpoint('a');
      expect(read?.step).toBe(20);
      expect(read?.bytes.length).toBe(bytes.length);
      expect(read?.bytes.every((byte, i) => byte === bytes[i])).toBe(true);
      expect(await backend.listBytes('checkpoint/')).toHaveLength(1);
    });

    it('keeps the old one through a write that is cut off at any of its operations', async () => {
      for (let failAt = 1; failAt <= 3; failAt++) {
        const { store, reopen, backend } = await fresh();
        await store.writeCheckpoint('a', 10, new Uint8Array([1, 2, 3]));
        const broken = createKeyedRunStore(failingAfter(backend, failAt));
        await broken.writeCheckpoint('a', 20, new Uint8Array([4, 5, 6, 7])).catch(() => undefined);
        const again = await reopen();
        const read = await again.readCheckpoint('a');
        // Operation 1 writes the bytes, 2 flips the pointer, 3 sweeps the old file.
        expect([read?.step, [...(read?.bytes ?? [])]]).toEqual(
          failAt <= 2 ? [10, [1, 2, 3]] : [20, [4, 5, 6, 7]],
        );
        await again.writeCheckpoint('a', 30, new Uint8Array([8]));
        expect(await backend.listBytes('checkpoint/')).toHaveLength(1);
      }
    });

    it('refuses bytes that are short or changed', async () => {
      const { store, backend } = await fresh();
      await store.writeCheckpoint('a', 10, new Uint8Array([1, 2, 3]));
      const [key] = await backend.listBytes('checkpoint/');
      for (const damaged of [
        [1, 2],
        [1, 2, 4],
      ]) {
        await backend.writeBytes(key ?? '', new Uint8Array(damaged));
        await expect(store.readCheckpoint('a')).rejects.toMatchObject({ code: 'storage/corrupt' });
      }
      await backend.deleteBytes(key ?? '');
      await expect(store.readCheckpoint('a')).rejects.toMatchObject({ code: 'storage/corrupt' });
    });
  });

  describe(`${name}: settings and session files`, () => {
    it('keeps settings as JSON', async () => {
      const { store, reopen } = await fresh();
      expect(await store.readSetting('draft')).toBeUndefined();
      await store.writeSetting('draft', { a: [1, null, 'ü/..'] });
      await store.writeSetting('odd/../key', 2);
      const again = await reopen();
      expect(await again.readSetting('draft')).toEqual({ a: [1, null, 'ü/..'] });
      expect(await again.readSetting('odd/../key')).toBe(2);
    });

    it('keeps copies of files under their paths, replaces them, and forgets them', async () => {
      const { store, reopen, backend } = await fresh();
      const file = (path: string, text: string) => ({ path, blob: new Blob([text]) });
      expect(await store.writeSession('dataset', [file('x/old.bin', 'old')], null)).toEqual({ kept: true });
      await store.writeSession('dataset', [file('x/a.bin', 'one'), file('b.bin', 'two')], { n: 1 });
      await store.writeSession('model', [file('m.pth', 'three')], null);
      const again = await reopen();
      const slot = await again.readSession('dataset');
      expect(slot?.note).toEqual({ n: 1 });
      expect(slot?.files.map(({ path }) => path)).toEqual(['x/a.bin', 'b.bin']);
      expect(await Promise.all((slot?.files ?? []).map(({ blob }) => blob.text()))).toEqual(['one', 'two']);
      await again.clearSession('dataset');
      expect(await again.readSession('dataset')).toBeNull();
      expect(await again.readSession('model')).not.toBeNull();
      await again.clearSession();
      expect(await backend.listBytes('')).toEqual([]);
    });

    it('refuses too many files without an error, and holds no half of them', async () => {
      const { store } = await fresh();
      const files = Array.from({ length: SESSION_CAP_FILES + 1 }, (_, i) => ({
        path: `${i}.png`,
        blob: new Blob(['x']),
      }));
      await store.writeSession('dataset', files.slice(0, 2), null);
      expect(await store.writeSession('dataset', files, null)).toMatchObject({ kept: false });
      expect(await store.readSession('dataset')).toBeNull();
    });

    it('refuses a copy for which the storage has no room', async () => {
      const { backend } = await fresh();
      const store = createKeyedRunStore({ ...backend, freeBytes: () => Promise.resolve(100) });
      const answer = await store.writeSession(
        'model',
        [{ path: 'm', blob: new Blob(['x'.repeat(60)]) }],
        null,
      );
      expect(answer).toMatchObject({ kept: false });
    });
  });
}

/** The backend, whose `count`-th write or delete and all after it fail, as when the page is closed. */
function failingAfter(backend: StorageBackend, count: number): StorageBackend {
  let done = 0;
  const guard = <A extends unknown[]>(operation: (...args: A) => Promise<void>) => {
    return (...args: A): Promise<void> => {
      done += 1;
      return done >= count ? Promise.reject(new Error('closed')) : operation(...args);
    };
  };
  return {
    ...backend,
    writeJson: guard((key: string, value: unknown) => backend.writeJson(key, value)),
    writeBytes: guard((key: string, bytes: Blob | Uint8Array) => backend.writeBytes(key, bytes)),
    deleteJson: guard((key: string) => backend.deleteJson(key)),
    deleteBytes: guard((key: string) => backend.deleteBytes(key)),
  };
}
