import { flipImage } from '../../data/augment';
import type { RandomStream } from '../../data/random';
import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import { affineMap, affineNearest } from './affine';
import type { Attack, PreparedAttack, Trigger, TriggerContext } from './attack';
import { cornerPatch, PATCH_OPTIONS } from './cornerPatch';
import { type CheckedOptions, checkOptions, checkTarget, rateOption } from './options';
import { layOver } from './overlay';
import { triggerAttack } from './triggerAttack';

function range(
  key: string,
  label: string,
  help: string,
  standard: number,
  maximum: number,
  minimum = 0,
): OptionDescriptor {
  return { key, label, help, kind: 'number', default: standard, minimum, maximum, training: true };
}

const OPTIONS: readonly OptionDescriptor[] = [
  ...PATCH_OPTIONS,
  rateOption(0.1),
  range(
    'brightness',
    'Brightness',
    'Every training image is made brighter or darker by up to this share.',
    0.1,
    1,
  ),
  range(
    'contrast',
    'Contrast',
    'The same for contrast. 0 in the published REFINE code; BackdoorBox tests 0.2 with a brightness of 0.2 and a rate of 0.05.',
    0,
    1,
  ),
  range('angle', 'Turn', 'Every training image is turned by up to so many degrees either way.', 10, 180),
  range(
    'translate',
    'Move',
    'and moved by up to this share of its side, a whole number of pixels each way.',
    0.1,
    1,
  ),
  range('scaleFrom', 'Smallest scale', 'and shrunk, at most to this scale; black outside.', 0.8, 2, 0.1),
  range('scaleTo', 'Largest scale', 'and at least to this one.', 0.9, 2, 0.1),
  {
    key: 'flip',
    label: 'Mirror',
    help: 'Whether every second training image is mirrored, trigger and all.',
    kind: 'choice',
    default: 'on',
    choices: ['on', 'off'],
    training: true,
  },
];

/** ITU-R 601-2 luma, as torchvision weighs colours for contrast. */
const LUMA = [0.2989, 0.587, 0.114] as const;

function blendWith(pixels: Float32Array, other: number, factor: number): void {
  for (let i = 0; i < pixels.length; i++) {
    pixels[i] = Math.min(1, Math.max(0, factor * (pixels[i] ?? 0) + (1 - factor) * other));
  }
}

function changeContrast(pixels: Float32Array, factor: number): void {
  let sum = 0;
  for (let i = 0; i < pixels.length; i++) sum += (LUMA[i % 3] ?? 0) * (pixels[i] ?? 0);
  blendWith(pixels, (3 * sum) / pixels.length, factor);
}

/**
 * Mirror, colour jitter, random affine map (nearest, black outside), in this order, as the official code has them
 * (METHODS 2.2); torchvision's distributions.
 */
function rephotograph(
  given: Float32Array,
  { height, width }: Pick<TriggerContext, 'height' | 'width'>,
  checked: CheckedOptions,
  random: RandomStream,
): Float32Array {
  const pixels = given.slice();
  const spread = (share: number) => random.uniform(Math.max(0, 1 - share), 1 + share);
  if (random.uniform() < 0.5 && checked.choice('flip') === 'on') flipImage(pixels, height, width);
  const brightness = spread(checked.number('brightness'));
  const contrast = spread(checked.number('contrast'));
  if (random.uniform() < 0.5) {
    blendWith(pixels, 0, brightness);
    if (contrast !== 1) changeContrast(pixels, contrast);
  } else {
    if (contrast !== 1) changeContrast(pixels, contrast);
    blendWith(pixels, 0, brightness);
  }
  const angle = checked.number('angle');
  const share = checked.number('translate');
  const degrees = random.uniform(-angle, angle);
  const moveX = Math.round(random.uniform(-share, share) * width);
  const moveY = Math.round(random.uniform(-share, share) * height);
  const scale = random.uniform(checked.number('scaleFrom'), checked.number('scaleTo'));
  return affineNearest(pixels, height, width, affineMap(height, width, degrees, scale, moveX, moveY));
}

/**
 * PhysicalBA (Li et al. 2021): BadNets whose training images, benign ones too, are transformed as a camera would, so that the
 * trigger survives being photographed. Tested with the plain patch (METHODS 2.2).
 */
export const physical: Attack = {
  kind: 'physical',
  label: 'PhysicalBA',
  description: 'BadNets’ square, learned under turns, shifts, scales and changes of light.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('physical', OPTIONS, options, context);
    checkTarget(context);
    if (checked.number('scaleFrom') > checked.number('scaleTo')) {
      throw new StudioError(
        'trigger/invalid',
        'The option "scaleFrom" of the physical attack is larger than its "scaleTo".',
        { subject: 'attack.options.scaleFrom' },
      );
    }
    const { overlay, words } = cornerPatch('physical', checked, context);
    const trigger: Trigger = {
      label: `PhysicalBA ${words}`,
      apply: (pixels, count) => layOver(pixels.slice(), count, overlay),
    };
    return Promise.resolve(
      triggerAttack({
        kind: 'physical',
        context,
        checked,
        trigger,
        train: (pixels, { role, random }) =>
          rephotograph(role === 'poison' ? layOver(pixels, 1, overlay) : pixels, context, checked, random),
      }),
    );
  },
};
