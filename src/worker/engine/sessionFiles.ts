import { z } from 'zod';
import type { InputFile } from '../../formats/input';
import { type Experiment, parseExperiment } from '../../protocol/experiment';
import type { RunSummary } from '../../protocol/messages';
import type { RunStore } from '../../storage/runStore';

const MODEL = 'model';
const DATASET = 'dataset';
const TRANSFORM = 'transform-images';
const IMAGES = 'trigger-images';
const BLACK_BOX = 'black-box';
const WEIGHTS = 'weights';
const EXPERIMENT = 'session/experiment';

/** An experiment names three at most; those before them are let go. */
const MAX_WEIGHTS = 4;

const transformNote = z.object({ path: z.string() });

/** What a slot stands for: copies of dropped files, or the built-in demo, which needs none. */
export type StoredSource =
  { readonly kind: 'files'; readonly files: readonly InputFile[] } | { readonly kind: 'demo' };

/**
 * The copies that a reload offers back. Keeping them is a service, not a condition: nothing here throws, and what cannot
 * be kept has to be dropped again.
 */
export class SessionFiles {
  /** Writes go one after the other, so that the copy of an earlier drop cannot overtake a later one. */
  private tail: Promise<unknown> = Promise.resolve();

  constructor(private readonly store: RunStore) {}

  keepModel(source: StoredSource): void {
    this.keep(MODEL, source);
  }

  keepDataset(source: StoredSource): void {
    this.keep(DATASET, source);
  }

  /** Null: there are none any more. @param path what the experiment calls them. */
  keepTransformImages(source: { readonly path: string; readonly files: readonly InputFile[] } | null): void {
    this.after(() =>
      source === null
        ? this.store.clearSession(TRANSFORM)
        : this.store.writeSession(TRANSFORM, source.files, { path: source.path }),
    );
  }

  keepImages(files: readonly InputFile[]): void {
    this.keep(IMAGES, { kind: 'files', files });
  }

  keepBlackBox(file: InputFile): void {
    this.keep(BLACK_BOX, { kind: 'files', files: [file] });
  }

  /** A file of weights that an experiment may name by path, in place of one of the same path. */
  keepWeights(file: InputFile): void {
    this.after(async () => {
      const { path } = file;
      const others = (await this.stored(WEIGHTS)).filter((other) => other.path !== path);
      await this.store.writeSession(WEIGHTS, [...others, file].slice(-MAX_WEIGHTS), 'files');
    });
  }

  keepExperiment(experiment: Experiment): void {
    this.after(() => this.store.writeSetting(EXPERIMENT, experiment));
  }

  model(): Promise<StoredSource | null> {
    return this.read(MODEL);
  }

  dataset(): Promise<StoredSource | null> {
    return this.read(DATASET);
  }

  async transformImages(): Promise<{ readonly path: string; readonly files: readonly InputFile[] } | null> {
    await this.tail;
    try {
      const stored = await this.store.readSession(TRANSFORM);
      return stored ? { path: transformNote.parse(stored.note).path, files: stored.files } : null;
    } catch {
      return null;
    }
  }

  async images(): Promise<readonly InputFile[]> {
    await this.tail;
    return this.stored(IMAGES);
  }

  async weights(): Promise<readonly InputFile[]> {
    await this.tail;
    return this.stored(WEIGHTS);
  }

  /** The black box's ONNX file, or null. */
  async blackBox(): Promise<InputFile | null> {
    const source = await this.read(BLACK_BOX);
    return source?.kind === 'files' ? (source.files[0] ?? null) : null;
  }

  async experiment(): Promise<Experiment | null> {
    try {
      return parseExperiment(await this.store.readSetting(EXPERIMENT));
    } catch {
      return null;
    }
  }

  /** The run worth going on with: the newest that left a checkpoint. */
  async lastRun(): Promise<RunSummary | null> {
    const runs = await this.store.listRuns().catch((): RunSummary[] => []);
    const found = runs.find((run) => run.hasCheckpoint);
    return found ? asInterrupted(found) : null;
  }

  async clear(): Promise<void> {
    this.after(async () => {
      await this.store.clearSession();
      await this.store.writeSetting(EXPERIMENT, null);
    });
    await this.tail;
  }

  private keep(slot: string, source: StoredSource): void {
    const files = source.kind === 'files' ? source.files : [];
    this.after(() => this.store.writeSession(slot, files, source.kind));
  }

  private async stored(slot: string): Promise<readonly InputFile[]> {
    return (await this.store.readSession(slot).catch(() => null))?.files ?? [];
  }

  private after(write: () => Promise<unknown>): void {
    this.tail = this.tail.then(write).catch(() => undefined);
  }

  private async read(slot: string): Promise<StoredSource | null> {
    await this.tail;
    try {
      const stored = await this.store.readSession(slot);
      if (!stored) return null;
      return stored.note === 'demo' ? { kind: 'demo' } : { kind: 'files', files: stored.files };
    } catch {
      return null;
    }
  }
}

/** A stored run that nobody is running: what was interrupted by a reload can be gone on with, if it left a checkpoint. */
export function asInterrupted(run: RunSummary): RunSummary {
  if (run.status !== 'running') return run;
  return { ...run, status: run.hasCheckpoint ? 'paused' : 'stopped' };
}
