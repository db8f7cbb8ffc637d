import { z } from 'zod';
import { TILES } from '../tiled/tile';
import { SHAPE_CLASSES, type FamilyTile, type ShapeClass } from './choice';

/** Where tuned tiles are kept between starts; whatever else is stored there is the caller's business. */
export interface TuningStore {
  /** The JSON value under this key, or undefined. */
  read(key: string): Promise<unknown>;
  write(key: string, value: unknown): Promise<void>;
}

/** What was measured so far: classes that the time did not suffice for are missing. */
export type TunedTiles = Partial<Record<ShapeClass, FamilyTile>>;

/** Raised whenever the kernels change so much that old timings say nothing. */
const VERSION = 1;

const keyOf = (adapterName: string): string => `kernel-tiles/${VERSION}/${adapterName}`;

const tileNames = ['register', ...Object.keys(TILES)] as [FamilyTile, ...FamilyTile[]];
const schema = z.partialRecord(z.enum(SHAPE_CLASSES), z.enum(tileNames));

/** What is kept for this adapter; nothing where the store fails or holds something else: then it is measured again. */
export async function readTuned(store: TuningStore | undefined, adapterName: string): Promise<TunedTiles> {
  try {
    const parsed = schema.safeParse(await store?.read(keyOf(adapterName)));
    if (!parsed.success) return {};
    const entries = Object.entries(parsed.data).filter(([, tile]) => tile !== undefined);
    return Object.fromEntries(entries);
  } catch {
    return {};
  }
}

/** Keeps it; a store without room costs the next start a second, nothing else. */
export async function writeTuned(
  store: TuningStore | undefined,
  adapterName: string,
  tiles: TunedTiles,
): Promise<void> {
  try {
    await store?.write(keyOf(adapterName), tiles);
  } catch {
    return;
  }
}

/** A store for as long as the program runs. */
export function memoryStore(): TuningStore {
  const values = new Map<string, unknown>();
  return {
    read: (key) => Promise.resolve(values.get(key)),
    write: (key, value) => {
      values.set(key, value);
      return Promise.resolve();
    },
  };
}
