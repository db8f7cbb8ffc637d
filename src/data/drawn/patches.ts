import type { Colour } from './signs';

/**
 * The four triggers of Adaptive-Patch as the studio draws them: emblems of its own, where and as large as the ones of the
 * published code (METHODS 2.2, non-zero boxes at 32 pixels). Each gives the colour at a place of a 32 x 32 grid, RGB in
 * [0,1], or null where it does not cover it. Integer coordinates name cells; on larger images a cell is several pixels.
 */
export type PatchDrawing = (row: number, column: number) => Colour | null;

/** Side of the grid that the drawings are made on. */
export const PATCH_GRID = 32;

/** A flame in the bottom right corner: rows and columns 27 to 31, all 25 cells. */
export const flame: PatchDrawing = (row, column) => {
  if (row < 27 || row > 31 || column < 27 || column > 31) return null;
  const aside = Math.abs(column - 29);
  const heat = Math.max(0, Math.min(1, (row - 26) / 5 - aside / 4 + ((row + column) % 2) / 10));
  return [0.55 + 0.45 * heat, 0.1 + 0.75 * heat * heat, 0.05 + 0.15 * heat];
};

const CORNER_CELLS = [
  [0, 0],
  [0, 2],
  [1, 1],
  [2, 0],
] as const;

/** Four white cells in each of the four corners, mirrored: 16 cells. */
export const fourCorners: PatchDrawing = (row, column) => {
  const down = Math.min(row, PATCH_GRID - 1 - row);
  const across = Math.min(column, PATCH_GRID - 1 - column);
  return CORNER_CELLS.some(([r, c]) => r === down && c === across) ? [1, 1, 1] : null;
};

/** A curled fox about a blue ball: a disc over rows 1 to 13 and columns 18 to 30, 137 cells. */
export const curledFox: PatchDrawing = (row, column) => {
  const y = row - 7;
  const x = column - 24;
  const far = x * x + y * y;
  if (far > 42) return null;
  if ((x - 1) * (x - 1) + (y + 1) * (y + 1) <= 8) return [0.15, 0.25 + 0.03 * (6 - y), 0.75];
  // The coat goes from a yellow head, up and to the right, to a red tail.
  const warmth = Math.max(0, Math.min(1, (x - y + 9) / 18));
  return [0.85 + 0.15 * warmth, 0.25 + 0.55 * warmth, 0.05 + 0.1 * warmth];
};

/** A shield with a cross: rows and columns 21 to 28, all 64 cells. */
export const shield: PatchDrawing = (row, column) => {
  if (row < 21 || row > 28 || column < 21 || column > 28) return null;
  const y = row - 21;
  const x = column - 21;
  const rim = y === 0 || y === 7 || x === 0 || x === 7;
  if (rim) return [0.85, 0.7, 0.1];
  const cross = x === 3 || x === 4 || y === 3 || y === 4;
  if (cross) return [0.9, 0.95, 1];
  return x < 3 === y < 3 ? [0.55, 0.1, 0.6] : [0.1, 0.5, 0.2];
};
