import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { Attack, Trigger } from './attack';
import { checkOptions, checkTarget } from './options';

/** The official patch, grey levels of rows 29-31 and columns 29-31, the same in every channel (METHODS 2.2). */
const OFFICIAL_PATCH = [
  [247, 241, 130],
  [106, 201, 92],
  [153, 163, 20],
] as const;

const CORNERS = ['bottom right', 'bottom left', 'top right', 'top left'] as const;

const OPTIONS: readonly OptionDescriptor[] = [
  {
    key: 'size',
    label: 'Patch side',
    help: 'Pixels. The official patch is 3; any other side shows the same nine grey levels, scaled to the nearest.',
    kind: 'integer',
    default: 3,
    minimum: 1,
    maximum: 1024,
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

/** The patch at any side: value of the official 3x3 one at the nearest place, in [0,1], [side, side]. */
function patchOf(side: number): Float32Array {
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

/** BadNets (Gu et al. 2017) as the official REFINE code has it: a small square of fixed grey levels in a corner. */
export const badnets: Attack = {
  kind: 'badnets',
  label: 'BadNets',
  description: 'A small square of fixed grey levels in a corner of the image.',
  options: OPTIONS,
  prepare(options, context): Promise<Trigger> {
    const checked = checkOptions('badnets', OPTIONS, options);
    checkTarget(context);
    const { height, width } = context;
    const side = checked.number('size');
    const corner = checked.choice('corner');
    const opacity = checked.number('opacity');
    if (side > height || side > width) {
      throw new StudioError(
        'trigger/invalid',
        `The option "size" of the badnets trigger is ${side} pixels, larger than the images of ${height} by ${width}.`,
        { subject: 'attack.options.size' },
      );
    }
    const patch = patchOf(side);
    const top = corner.startsWith('bottom') ? height - side : 0;
    const left = corner.endsWith('right') ? width - side : 0;
    const shine = opacity === 1 ? '' : `, opacity ${opacity}`;
    return Promise.resolve({
      label: `BadNets ${side}×${side}, ${corner}${shine}`,
      apply(pixels, count) {
        const out = pixels.slice();
        for (let image = 0; image < count; image++) {
          for (let i = 0; i < patch.length; i++) {
            const row = top + Math.floor(i / side);
            const at = ((image * height + row) * width + left + (i % side)) * 3;
            for (let channel = at; channel < at + 3; channel++) {
              out[channel] = (1 - opacity) * (out[channel] ?? 0) + opacity * (patch[i] ?? 0);
            }
          }
        }
        return out;
      },
    });
  },
};
