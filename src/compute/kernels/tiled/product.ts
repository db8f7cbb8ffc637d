import { times } from '../conv2d/wgsl';
import { DEPTH, invocations, type Staging, type Tile } from './tile';

/** What the product's source needs to know of both operands. */
export interface ProductLayout {
  readonly tile: Tile;
  readonly staging: Staging;
  /** Whether the left operand is staged as [row][depth quad] (fours along the sum) or [depth][row quad]. */
  readonly left: 'by-row' | 'by-depth';
  /**
   * Whether the driver may unroll a round. GPUs gain by it; software adapters, which compile every load of workgroup memory
   * lane by lane, took three times as long to compile (12 seconds on lavapipe).
   */
  readonly unrolled: boolean;
}

const QUADS_DEEP = DEPTH / 4;

/** Loads of one invocation in one round of staging, of a tile side of `side`. */
export function loadsEach(tile: Tile, side: number): number {
  return (side * QUADS_DEEP) / invocations(tile);
}

const half = { f32: [false, false], 'f16-weights': [false, true], f16: [true, true] } as const;

/** WGSL at module scope: the two staged operands. */
export function stagingDeclarations({ tile, staging }: ProductLayout): string {
  const [left, right] = half[staging];
  const type = (isHalf: boolean): string => (isHalf ? 'vec4<f16>' : 'vec4<f32>');
  return `
${left || right ? 'enable f16;' : ''}
alias Left = ${type(left)};
alias Right = ${type(right)};
var<workgroup> left : array<Left, ${tile.rows * QUADS_DEEP}>;
var<workgroup> right : array<Right, ${tile.columns * QUADS_DEEP}>;`;
}

/** The names of an invocation's sums, rows first. */
export function sumName(row: number, quad: number): string {
  return `a${row}_${quad}`;
}

/** Calls `line` for every sum of an invocation. */
export function eachSum(tile: Tile, line: (row: number, quad: number) => string): string {
  return times(tile.rowsEach)
    .flatMap((row) => times(tile.quadsEach).map((quad) => line(row, quad)))
    .join('\n');
}

/**
 * WGSL that calls `write` (a statement in `r`, `q` and `sums[i]`) for every sum. A loop over an array, although its length is
 * known: unrolled, the bounds checks of what is read and written took lavapipe 40 seconds to compile.
 */
export function writeSums(tile: Tile, write: string): string {
  const names = times(tile.rowsEach).flatMap((row) =>
    times(tile.quadsEach).map((quad) => sumName(row, quad)),
  );
  return `
  var sums = array<vec4<f32>, ${names.length}>(${names.join(', ')});
  for (var i = 0; i < ${names.length}; i++) {
    let r = i / ${tile.quadsEach};
    let q = i % ${tile.quadsEach};
    ${write}
  }`;
}

/** Quads in a row of the right operand, and how many of them one invocation's neighbours cover. */
export function lanes(tile: Tile): {
  readonly rowQuads: number;
  readonly across: number;
  readonly down: number;
} {
  return {
    rowQuads: tile.columns / 4,
    across: tile.columns / (4 * tile.quadsEach),
    down: tile.rows / tile.rowsEach,
  };
}

/**
 * WGSL: adds one staged round to the sums. `across` and `down` say which part is this invocation's. Rows of an invocation lie
 * `lanes().down` apart (by fours in the by-depth layout), so that neighbours read neighbouring addresses. Where the loop is not to
 * be unrolled, `uniforms.plan.w` holds its length: a quarter of DEPTH by row, DEPTH by depth.
 */
export function multiplyRound(layout: ProductLayout): string {
  const rounds = layout.left === 'by-row' ? QUADS_DEEP : DEPTH;
  const end = layout.unrolled ? String(rounds) : 'uniforms.plan.w';
  return layout.left === 'by-row' ? multiplyByRow(layout.tile, end) : multiplyByDepth(layout.tile, end);
}

function multiplyByRow(tile: Tile, end: string): string {
  const { rowQuads, across, down } = lanes(tile);
  const deep = times(4);
  return `
    for (var inner = 0; inner < ${end}; inner++) {
${deep.flatMap((d) => times(tile.quadsEach).map((q) => `      let b${d}_${q} = vec4<f32>(right[(inner * 4 + ${d}) * ${rowQuads} + across + ${q * across}]);`)).join('\n')}
${times(tile.rowsEach)
  .flatMap((row) => [
    `      let l${row} = vec4<f32>(left[(down + ${row * down}) * ${QUADS_DEEP} + inner]);`,
    ...deep.flatMap((d) =>
      times(tile.quadsEach).map(
        (q) =>
          `      ${sumName(row, q)} = fma(vec4<f32>(l${row}.${'xyzw'.charAt(d)}), b${d}_${q}, ${sumName(row, q)});`,
      ),
    ),
  ])
  .join('\n')}
    }`;
}

function multiplyByDepth(tile: Tile, end: string): string {
  const { rowQuads, across, down } = lanes(tile);
  const fours = times(tile.rowsEach / 4);
  return `
    for (var inner = 0; inner < ${end}; inner++) {
${times(tile.quadsEach)
  .map((q) => `      let b${q} = vec4<f32>(right[inner * ${rowQuads} + across + ${q * across}]);`)
  .join('\n')}
${fours
  .flatMap((four) => [
    `      let l${four} = vec4<f32>(left[inner * ${tile.rows / 4} + down + ${four * down}]);`,
    ...times(4).flatMap((r) =>
      times(tile.quadsEach).map((q) => {
        const sum = sumName(four * 4 + r, q);
        return `      ${sum} = fma(vec4<f32>(l${four}.${'xyzw'.charAt(r)}), b${q}, ${sum});`;
      }),
    ),
  ])
  .join('\n')}
    }`;
}
