import type { OpenDevice } from '../device/device';
import { installKernels } from '../kernels/install';
import { TILES } from '../kernels/tiled/tile';
import { setTileChoice, uniformChoice, type FamilyTile, type TileChoice } from '../kernels/tuning/choice';
import { memoryStore } from '../kernels/tuning/store';
import { tuneTiles } from '../kernels/tuning/tune';

/** Which kernels the convolutions of a benchmark run: one family or tile, or what the start-up tuning finds. */
export type TileRequest = FamilyTile | 'tuned';

/** What `TileRequest` can be. */
export const TILE_REQUESTS = ['tuned', 'register', ...Object.keys(TILES)] as readonly TileRequest[];

/**
 * `openFresh` for a `BenchHost`, with the tiles in place on every device. `tuned` does what the engine does: a real GPU is
 * measured, once for all devices, and a software adapter keeps the register family.
 */
export function openWithTiles(
  openFresh: () => Promise<OpenDevice>,
  asked: TileRequest,
): () => Promise<OpenDevice> {
  const store = memoryStore();
  return async () => {
    const open = await openFresh();
    const { backend, adapter } = open;
    const { software } = adapter;
    if (asked !== 'tuned') {
      setTileChoice(backend, uniformChoice(asked, { unrolled: !software }));
      return open;
    }
    const installed = installKernels(backend);
    await tuneTiles(backend, {
      store,
      adapterName: `${adapter.name} ${adapter.architecture}`,
      software,
    });
    installed.uninstall();
    return open;
  };
}

/** "register", or the tile of each class of convolutions where they differ. */
export function tilesText(tiles: TileChoice['tiles']): string {
  const entries = Object.entries(tiles);
  const [[, first] = ['', '']] = entries;
  if (entries.every(([, tile]) => tile === first)) return first;
  return entries.map(([name, tile]) => `${name} ${tile}`).join(', ');
}
