import { z } from 'zod';
import { StudioError } from '../protocol/errors';
import type { RunSummary, WireFile } from '../protocol/messages';
import type { MetricsRow } from '../protocol/results';
import type { StorageBackend } from './backend';
import { corrupt } from './errors';
import type { KeepResult, RunStore, SessionSlot, StoredCheckpoint } from './runStore';
import { SESSION_CAP_BYTES, SESSION_CAP_FILES } from './runStore';
import {
  checkpointPointerSchema,
  metricsChunkSchema,
  runRecordSchema,
  sessionSlotSchema,
  type RunRecord,
} from './schemas';

const RUNS = 'runs/';
const metricsPrefix = (id: string) => `metrics/${id}/`;
const checkpointPointer = (id: string) => `checkpoints/${id}`;
const checkpointPrefix = (id: string) => `checkpoint/${id}/`;
const settingKey = (key: string) => `settings/${key}`;
const SESSION = 'session/';
const sessionPrefix = (slot: string) => `session/${slot}/`;

/**
 * The one implementation of `RunStore`, over any backend of atomic puts. What takes several writes is ordered so that
 * the last one, a small JSON pointer, is what makes it count; leftovers of an interrupted write are swept by the next.
 */
export function createKeyedRunStore(backend: StorageBackend, notice: StudioError | null = null): RunStore {
  return {
    kind: backend.kind,
    notice,
    ...runMethods(backend),
    ...checkpointMethods(backend),
    ...sessionMethods(backend),
    readSetting: (key) => backend.readJson(settingKey(key)),
    writeSetting: (key, value) => backend.writeJson(settingKey(key), value),
  };
}

type RunMethods = Pick<
  RunStore,
  'listRuns' | 'readRun' | 'writeRun' | 'deleteRun' | 'appendMetrics' | 'truncateMetrics'
>;

function runMethods(backend: StorageBackend): RunMethods {
  const readRecord = (id: string) => readChecked(backend, RUNS + id, runRecordSchema, `run ${id}`);
  const hasCheckpoint = async (id: string) => (await backend.readJson(checkpointPointer(id))) !== undefined;
  return {
    async listRuns() {
      const summaries: RunSummary[] = [];
      for (const key of await backend.listJson(RUNS)) {
        const id = key.slice(RUNS.length);
        try {
          const record = await readRecord(id);
          if (record) summaries.push(summaryOf(record, await hasCheckpoint(id)));
        } catch (error) {
          if (!(error instanceof StudioError && error.code === 'storage/corrupt')) throw error;
        }
      }
      return summaries.sort((a, b) => b.updatedAt.localeCompare(a.updatedAt) || b.id.localeCompare(a.id));
    },
    async readRun(id) {
      const record = await readRecord(id);
      if (!record) return null;
      const metrics: MetricsRow[] = [];
      for (const key of await backend.listJson(metricsPrefix(id))) {
        const chunk = await readChecked(backend, key, metricsChunkSchema, `the curve of run ${id}`);
        if (chunk) metrics.push(...chunk);
      }
      return { ...record, hasCheckpoint: await hasCheckpoint(id), metrics };
    },
    writeRun: (record) => backend.writeJson(RUNS + record.id, runRecordSchema.parse(record)),
    async deleteRun(id) {
      // The record goes first: without it nothing else of the run is ever read.
      await backend.deleteJson(RUNS + id);
      await backend.deleteJson(checkpointPointer(id));
      for (const key of await backend.listBytes(checkpointPrefix(id))) await backend.deleteBytes(key);
      for (const key of await backend.listJson(metricsPrefix(id))) await backend.deleteJson(key);
    },
    async appendMetrics(id, rows) {
      const first = rows[0];
      if (!first) return;
      await backend.writeJson(metricsPrefix(id) + String(first.step).padStart(9, '0'), rows);
    },
    async truncateMetrics(id, step) {
      for (const key of await backend.listJson(metricsPrefix(id))) {
        const chunk = await readChecked(backend, key, metricsChunkSchema, `the curve of run ${id}`);
        const kept = (chunk ?? []).filter((row) => row.step <= step);
        if (kept.length === 0) await backend.deleteJson(key);
        else if (kept.length !== chunk?.length) await backend.writeJson(key, kept);
      }
    },
  };
}

function summaryOf(record: RunRecord, hasCheckpoint: boolean): RunSummary {
  const { id, kind, name, createdAt, updatedAt, status, step, totalSteps, before, after } = record;
  return { id, kind, name, createdAt, updatedAt, status, step, totalSteps, before, after, hasCheckpoint };
}

function checkpointMethods(backend: StorageBackend): Pick<RunStore, 'writeCheckpoint' | 'readCheckpoint'> {
  return {
    async writeCheckpoint(id, step, bytes) {
      const key = checkpointPrefix(id) + freshName(step);
      const at = new Date().toISOString();
      const sha256 = await digest(bytes);
      await backend.writeBytes(key, bytes);
      await backend.writeJson(checkpointPointer(id), { key, step, sizeBytes: bytes.byteLength, sha256, at });
      for (const old of await backend.listBytes(checkpointPrefix(id))) {
        if (old !== key) await backend.deleteBytes(old);
      }
      return { at };
    },
    async readCheckpoint(id): Promise<StoredCheckpoint | null> {
      const what = `the checkpoint of run ${id}`;
      const pointer = await readChecked(backend, checkpointPointer(id), checkpointPointerSchema, what);
      if (!pointer) return null;
      const blob = await backend.readBytes(pointer.key);
      if (!blob) throw corrupt(what, 'its bytes are missing');
      const bytes = new Uint8Array(await blob.arrayBuffer());
      if (bytes.byteLength !== pointer.sizeBytes) {
        throw corrupt(what, `${bytes.byteLength} bytes instead of ${pointer.sizeBytes}`);
      }
      const sha256 = await digest(bytes);
      if (pointer.sha256 !== null && sha256 !== null && sha256 !== pointer.sha256) {
        throw corrupt(what, 'its checksum differs');
      }
      return { step: pointer.step, bytes, at: pointer.at };
    },
  };
}

function sessionMethods(
  backend: StorageBackend,
): Pick<RunStore, 'writeSession' | 'readSession' | 'clearSession'> {
  const sweep = async (slot: string, keep: ReadonlySet<string>) => {
    for (const key of await backend.listBytes(sessionPrefix(slot))) {
      if (!keep.has(key)) await backend.deleteBytes(key);
    }
  };
  const clearSlot = async (slot: string) => {
    await backend.deleteJson(SESSION + slot);
    await sweep(slot, new Set());
  };
  return {
    async writeSession(slot, files, note): Promise<KeepResult> {
      const refusal = await whyNotKept(backend, files);
      if (refusal !== null) {
        await clearSlot(slot);
        return { kept: false, reason: refusal };
      }
      const name = freshName(0);
      const entries = files.map((file, index) => ({
        path: file.path,
        key: `${sessionPrefix(slot)}${name}-${index}`,
        sizeBytes: file.blob.size,
        type: file.blob.type,
      }));
      for (const [index, file] of files.entries()) {
        const entry = entries[index];
        if (entry) await backend.writeBytes(entry.key, file.blob);
      }
      await backend.writeJson(SESSION + slot, { files: entries, note: note ?? null });
      await sweep(slot, new Set(entries.map((entry) => entry.key)));
      return { kept: true };
    },
    async readSession(slot): Promise<SessionSlot | null> {
      const what = `the stored copy of the ${slot} files`;
      const stored = await readChecked(backend, SESSION + slot, sessionSlotSchema, what);
      if (!stored) return null;
      const files: WireFile[] = [];
      for (const entry of stored.files) {
        const blob = await backend.readBytes(entry.key);
        if (blob?.size !== entry.sizeBytes) throw corrupt(what, `${entry.path} is not whole`);
        files.push({ path: entry.path, blob });
      }
      return { files, note: stored.note };
    },
    async clearSession(slot) {
      const slots = slot === undefined ? await backend.listJson(SESSION) : [SESSION + slot];
      for (const key of slots) await clearSlot(key.slice(SESSION.length));
    },
  };
}

async function whyNotKept(backend: StorageBackend, files: readonly WireFile[]): Promise<string | null> {
  if (files.length > SESSION_CAP_FILES) {
    return `More than ${SESSION_CAP_FILES} files are not copied; drop them again after a reload.`;
  }
  const total = files.reduce((sum, file) => sum + file.blob.size, 0);
  if (total > SESSION_CAP_BYTES) {
    const cap = SESSION_CAP_BYTES / 1024 / 1024;
    return `Files of more than ${cap} MB are not copied; drop them again after a reload.`;
  }
  const free = await backend.freeBytes();
  if (free !== null && total > free / 2) {
    return 'The browser leaves too little room for a copy; drop the files again after a reload.';
  }
  return null;
}

async function readChecked<S extends z.ZodType>(
  backend: StorageBackend,
  key: string,
  schema: S,
  what: string,
): Promise<z.infer<S> | null> {
  const value = await backend.readJson(key);
  if (value === undefined) return null;
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw corrupt(what, z.prettifyError(parsed.error));
  return parsed.data;
}

let writes = 0;

/** A name no earlier write has used, also across reloads, in order of time. */
function freshName(step: number): string {
  writes += 1;
  return `${String(step).padStart(9, '0')}-${Date.now().toString(36)}-${writes}`;
}

/** SHA-256 in hex by the platform's own code, off this thread; null where there is none (an insecure page). */
async function digest(bytes: Uint8Array): Promise<string | null> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle;
  if (!subtle) return null;
  const hash = new Uint8Array(await subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>));
  return [...hash].map((byte) => byte.toString(16).padStart(2, '0')).join('');
}
