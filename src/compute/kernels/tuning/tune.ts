import { tf, type WebGPUBackend } from '../../tf';
import { candidates, representative } from './candidates';
import {
  SHAPE_CLASSES,
  setTileChoice,
  uniformChoice,
  type FamilyTile,
  type ShapeClass,
  type TileChoice,
} from './choice';
import { difference, makeOperands, timeOf, trial, type Operands, type Trial } from './measure';
import { readTuned, writeTuned, type TunedTiles, type TuningStore } from './store';

/** How `tuneTiles` goes about it. */
export interface TuneOptions {
  /** Where the result is kept between starts; measured anew at each where absent. */
  readonly store?: TuningStore | undefined;
  /** Names the adapter in the store. */
  readonly adapterName: string;
  /** Software adapters keep the register family, unmeasured: barriers cost them dearly. */
  readonly software: boolean;
  /** Measures software adapters too. */
  readonly force?: boolean;
  /** No new class of shapes is begun after so long; the rest waits for the next start. */
  readonly budgetMs?: number;
  /** A candidate whose first run takes longer, compiling included, is dropped. */
  readonly capMs?: number;
  /** Classes to measure; all where absent. */
  readonly classes?: readonly ShapeClass[];
  /** Images in the timed convolutions, where not the usual number. */
  readonly batch?: number;
}

/** A tile that was not considered further on this adapter, and why. */
export interface DroppedTile {
  readonly shapes: ShapeClass;
  readonly tile: FamilyTile;
  readonly reason: string;
}

/** What `tuneTiles` found and put in place. */
export interface Tuning {
  readonly choice: TileChoice;
  /** Where the tiles come from: measured now (some perhaps kept from before), all kept from before, or not measured. */
  readonly source: 'measured' | 'stored' | 'not-measured';
  readonly dropped: readonly DroppedTile[];
  /** Milliseconds a run, by class and tile, of what was measured now. */
  readonly times: Partial<Record<ShapeClass, Partial<Record<FamilyTile, number>>>>;
  /** What all of it took. */
  readonly elapsedMs: number;
}

const BUDGET_MS = 1500;
const CAP_MS = 2000;

/** Numbers further than this from the register family's, relative to their norm, are wrong, not rounded. */
const TOLERANCE = 1e-4;

/**
 * Chooses the tile of each class of convolutions on this device and puts the choice in place: kept from an earlier start, or
 * timed on a few convolutions now. Call it after `installKernels` and its self-check, while nothing else uses tfjs and the
 * device's backend is tfjs's current one. Never fails: what cannot be measured stays with the register family.
 */
export async function tuneTiles(backend: WebGPUBackend, options: TuneOptions): Promise<Tuning> {
  const started = performance.now();
  const { store, adapterName, software, force = false } = options;
  const dropped: DroppedTile[] = [];
  const times: Tuning['times'] = {};
  const finish = (source: Tuning['source'], tuned: TunedTiles): Tuning => {
    const register = uniformChoice('register', { unrolled: !software });
    const choice = setTileChoice(backend, { ...register, tiles: { ...register.tiles, ...tuned } });
    return { choice, source, dropped, times, elapsedMs: performance.now() - started };
  };
  if (software && !force) return finish('not-measured', {});
  const classes = options.classes ?? SHAPE_CLASSES;
  const tuned: TunedTiles = await readTuned(store, adapterName);
  const missing = classes.filter((name) => tuned[name] === undefined);
  if (missing.length === 0) return finish('stored', tuned);
  for (const name of missing) {
    if (performance.now() - started > (options.budgetMs ?? BUDGET_MS)) break;
    const measured = await measureClass(backend, name, options, dropped);
    times[name] = measured;
    tuned[name] = fastest(measured);
  }
  await writeTuned(store, adapterName, tuned);
  return finish('measured', tuned);
}

/** The fastest tile, `register` where nothing was measured. */
export function fastest(times: Partial<Record<FamilyTile, number>>): FamilyTile {
  const [best] = Object.entries(times).sort(([, a], [, b]) => a - b);
  return (best?.[0] ?? 'register') as FamilyTile;
}

async function measureClass(
  backend: WebGPUBackend,
  name: ShapeClass,
  options: TuneOptions,
  dropped: DroppedTile[],
): Promise<Partial<Record<FamilyTile, number>>> {
  const times: Partial<Record<FamilyTile, number>> = {};
  const operands = makeOperands(name, representative(name, options.batch), !options.software);
  const tiles = candidates(name, backend.device.limits);
  let register: Trial | null = null;
  try {
    for (const tile of ['register', ...tiles] as const) {
      try {
        const tried = await trial(backend, operands, tile);
        register ??= tried;
        const reason = objection(tried, register, options.capMs ?? CAP_MS);
        // The register family is there for good: nothing is gained by dropping it.
        if (reason !== null && tile !== 'register') dropped.push({ shapes: name, tile, reason });
        else times[tile] = await timeOf(backend, operands, tile);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        dropped.push({ shapes: name, tile, reason });
        // Without the register family's numbers no other can be checked.
        if (tile === 'register') break;
      }
    }
  } finally {
    disposeOperands(operands);
  }
  return times;
}

function objection(tried: Trial, register: Trial, capMs: number): string | null {
  const error = difference(tried, register);
  if (!(error < TOLERANCE))
    return `its result differs from the register family's by ${error.toExponential(1)} of the norm`;
  return tried.firstMs > capMs ? `its first run took ${Math.round(tried.firstMs)} ms` : null;
}

function disposeOperands({ x, other }: Operands): void {
  tf.dispose([x, other]);
}
