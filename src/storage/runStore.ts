import type { StudioError } from '../protocol/errors';
import type { RunSummary, StoredRun, WireFile } from '../protocol/messages';
import type { MetricsRow } from '../protocol/results';
import type { RunRecord } from './schemas';

/** A run's last checkpoint, read back and checked. */
export interface StoredCheckpoint {
  readonly step: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** When it was taken, ISO 8601. */
  readonly at: string;
}

/** Copies of files that a reload offers back, with a small JSON note of the writer's own. */
export interface SessionSlot {
  readonly files: readonly WireFile[];
  readonly note: unknown;
}

/** Whether copies were kept, and why not. */
export type KeepResult = { readonly kept: true } | { readonly kept: false; readonly reason: string };

/**
 * Runs, checkpoints, settings and session files, behind one interface: in the browser on OPFS and IndexedDB, in Node on
 * a folder, in private windows in memory. Whatever is interrupted, a reader finds the old value or the new one.
 *
 * Errors: `storage/quota` from writes that find no room, `storage/corrupt` from reads of what is damaged,
 * `storage/unavailable` where the storage itself fails.
 */
export interface RunStore {
  readonly kind: 'opfs' | 'indexeddb' | 'memory' | 'folder';
  /** What the person should know about this storage (nothing survives a reload, ...), or null. */
  readonly notice: StudioError | null;

  /** Newest first. A damaged run is left out, so that it does not hide the others. */
  listRuns(): Promise<RunSummary[]>;
  /** The run with its whole curve, or null where there is none of that id. */
  readRun(id: string): Promise<(StoredRun & Pick<RunRecord, 'trainingSeconds'>) | null>;
  /** Adds or replaces a run's record; its curve and checkpoint stay as they are. */
  writeRun(record: RunRecord): Promise<void>;
  deleteRun(id: string): Promise<void>;

  /** Adds rows to the run's curve, oldest first. */
  appendMetrics(id: string, rows: readonly MetricsRow[]): Promise<void>;
  /** Forgets rows after `step`: what a run resumed from a checkpoint at `step` will log again. */
  truncateMetrics(id: string, step: number): Promise<void>;

  /** Replaces the run's checkpoint: the new bytes are whole before the old ones are given up. */
  writeCheckpoint(id: string, step: number, bytes: Uint8Array): Promise<{ readonly at: string }>;
  readCheckpoint(id: string): Promise<StoredCheckpoint | null>;

  /** Any JSON value under a key of the page's choosing; undefined where there is none. */
  readSetting(key: string): Promise<unknown>;
  writeSetting(key: string, value: unknown): Promise<void>;

  /**
   * Copies files into a slot (`model`, `dataset`, ...), replacing what it held. Refuses, without an error, more than
   * `SESSION_CAP_BYTES` or `SESSION_CAP_FILES`, or more than half of what the storage has left.
   */
  writeSession(slot: string, files: readonly WireFile[], note: unknown): Promise<KeepResult>;
  readSession(slot: string): Promise<SessionSlot | null>;
  /** Forgets every slot, or the one named. */
  clearSession(slot?: string): Promise<void>;
}

/** No larger set of files is copied for a reload: CIFAR-10's archive is 170 MB, ImageNet subsets are beyond it. */
export const SESSION_CAP_BYTES = 512 * 1024 * 1024;
/** A dropped folder of loose images is not copied file by file. */
export const SESSION_CAP_FILES = 64;
