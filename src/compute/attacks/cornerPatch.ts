import { PURPOSE, RandomStream } from '../../data/random';
import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { TriggerContext } from './attack';
import type { CheckedOptions } from './options';
import { paintOverlay, type Overlay } from './overlay';

/** The official patch, grey levels of rows 29-31 and columns 29-31, the same in every channel (METHODS 2.2). */
const OFFICIAL_PATCH = [
  [247, 241, 130],
  [106, 201, 92],
  [153, 163, 20],
] as const;

const CORNERS = ['bottom right', 'bottom left', 'top right', 'top left'] as const;

/** Options of the attacks that put BadNets' patch into a corner. */
export const PATCH_OPTIONS: readonly OptionDescriptor[] = [
  {
    key: 'size',
    label: 'Patch side',
    help: 'Pixels; where none is given, 3, and 20 on images of 128 pixels and more. The official patch is 3; any other side shows the same nine grey levels, scaled to the nearest.',
    kind: 'integer',
    default: null,
    bySize: { small: 3, large: 20 },
    minimum: 1,
    maximum: 1024,
  },
  {
    key: 'pattern',
    label: 'Pattern',
    help: '"official": the nine grey levels of the published code. "random": a grey level for every pixel, drawn from the seed, as the paper’s "random square" has it.',
    kind: 'choice',
    default: 'official',
    choices: ['official', 'random'],
  },
  {
    key: 'corner',
    label: 'Corner',
    help: 'Where the patch lies, flush with the edges.',
    kind: 'choice',
    default: 'bottom right',
    choices: CORNERS,
  },
  {
    key: 'opacity',
    label: 'Opacity',
    help: '1 replaces the pixels; less lets them shine through.',
    kind: 'number',
    default: 1,
    minimum: 0.01,
    maximum: 1,
  },
];

/** Grey levels of the patch in [0,1], [side, side]. */
function patchOf(side: number, pattern: string, seed: number): Float32Array {
  if (pattern === 'random') {
    const random = new RandomStream(seed, PURPOSE.trigger);
    return Float32Array.from({ length: side * side }, () => random.below(256) / 255);
  }
  const patch = new Float32Array(side * side);
  for (let row = 0; row < side; row++) {
    for (let column = 0; column < side; column++) {
      const level =
        OFFICIAL_PATCH[Math.floor(((row + 0.5) * 3) / side)]?.[Math.floor(((column + 0.5) * 3) / side)];
      patch[row * side + column] = (level ?? 0) / 255;
    }
  }
  return patch;
}

/**
 * Checks that a square of `side` pixels fits.
 * @throws StudioError `trigger/invalid` naming both sizes.
 */
export function checkFits(kind: string, side: number, { height, width }: TriggerContext): void {
  if (side <= height && side <= width) return;
  throw new StudioError(
    'trigger/invalid',
    `The option "size" of the ${kind} trigger is ${side} pixels, larger than the images of ${height} by ${width}.`,
    { subject: 'attack.options.size' },
  );
}

/**
 * The patch that `PATCH_OPTIONS` describe, and words for it ("3×3, bottom right").
 * @throws StudioError `trigger/invalid` where it is larger than the images.
 */
export function cornerPatch(
  kind: string,
  checked: CheckedOptions,
  context: TriggerContext,
): { readonly overlay: Overlay; readonly words: string } {
  const { height, width, seed } = context;
  const side = checked.number('size');
  const corner = checked.choice('corner');
  const opacity = checked.number('opacity');
  checkFits(kind, side, context);
  const patch = patchOf(side, checked.choice('pattern'), seed);
  const top = corner.startsWith('bottom') ? height - side : 0;
  const left = corner.endsWith('right') ? width - side : 0;
  const overlay = paintOverlay(height, width, (row, column) => {
    if (row < top || row >= top + side || column < left || column >= left + side) return null;
    const level = patch[(row - top) * side + column - left] ?? 0;
    return { colour: [level, level, level], weight: opacity };
  });
  const shine = opacity === 1 ? '' : `, opacity ${opacity}`;
  return { overlay, words: `${side}×${side}, ${corner}${shine}` };
}
