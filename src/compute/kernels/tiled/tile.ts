/** What one workgroup computes of a matrix product, and with how many invocations. */
export interface Tile {
  /** Rows of the result: output pixels, or taps x input channels in a filter gradient. */
  readonly rows: number;
  /** Columns of the result: channels. */
  readonly columns: number;
  /** Rows of an invocation: a multiple of four. */
  readonly rowsEach: 4 | 8;
  /** Columns of an invocation, in fours. */
  readonly quadsEach: 1 | 2;
}

/**
 * The tiles of the family with workgroup memory. `small` and `narrow` leave little idle where there are few pixels or few
 * channels; 64x64 and up are for wide layers on large GPUs. All fit WebGPU's default limits: 256 invocations, 16 KiB.
 */
export const TILES = {
  small: { rows: 32, columns: 32, rowsEach: 4, quadsEach: 1 },
  narrow: { rows: 128, columns: 16, rowsEach: 8, quadsEach: 1 },
  wide: { rows: 64, columns: 64, rowsEach: 4, quadsEach: 1 },
  tall: { rows: 128, columns: 64, rowsEach: 8, quadsEach: 1 },
  large: { rows: 128, columns: 128, rowsEach: 8, quadsEach: 2 },
} as const satisfies Record<string, Tile>;

/** The name of a tile of this family. */
export type TileName = keyof typeof TILES;

/** How far along the sum one round of staging reaches: a multiple of four. */
export const DEPTH = 16;

/** Invocations in a tile's workgroup. */
export function invocations(tile: Tile): number {
  return (tile.rows / tile.rowsEach) * (tile.columns / (4 * tile.quadsEach));
}

/** Bytes of workgroup memory that a tile stages in float32. */
export function workgroupBytes(tile: Tile): number {
  return (tile.rows + tile.columns) * DEPTH * 4;
}

/** What is staged in workgroup memory as float16 (sums are float32 always): nothing, the weights, or the activations too. */
export type Staging = 'f32' | 'f16-weights' | 'f16';
