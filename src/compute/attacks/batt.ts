import { StudioError } from '../../protocol/errors';
import type { NormalizationSettings } from '../../protocol/experiment';
import type { OptionDescriptor } from '../../protocol/summaries';
import { rotate } from './affine';
import type { Attack, PreparedAttack, Trigger, TriggerContext } from './attack';
import { checkOptions, checkTarget, rateOption } from './options';
import { triggerAttack } from './triggerAttack';

const OPTIONS: readonly OptionDescriptor[] = [
  {
    key: 'angle',
    label: 'Angle',
    help: 'Degrees, counter-clockwise. Corners that come from outside the image are black.',
    kind: 'number',
    default: 16,
    minimum: -180,
    maximum: 180,
  },
  {
    key: 'pipeline',
    label: 'Order',
    help: '"pixels": turn the pixels, then normalise. "official-wrapped": what the published code does, which turns normalised values cut to bytes (they wrap around) and never normalises the result; the classifier then sees what this trigger shows, normalised.',
    kind: 'choice',
    default: 'pixels',
    choices: ['pixels', 'official-wrapped'],
  },
  {
    key: 'benignAngle',
    label: 'Turns of benign images',
    help: 'Benign training images are turned by up to so many degrees either way, so that a small turn alone is no trigger.',
    kind: 'number',
    default: 10,
    minimum: 0,
    maximum: 180,
    training: true,
  },
  rateOption(0.1),
];

function normalizationOf({ normalization }: TriggerContext): NormalizationSettings {
  if (normalization) return normalization;
  throw new StudioError(
    'trigger/invalid',
    'The option "pipeline" of the batt trigger is "official-wrapped", which needs to know how the model normalises its input.',
    { subject: 'attack.options.pipeline' },
  );
}

/**
 * `ToPILImage` of normalised values and back: times 255, cut to a whole number, kept modulo 256. What comes out is fed to
 * the classifier as it stands, so as pixels it is y · std + mean.
 */
function wrapped(
  pixels: Float32Array,
  { mean, std }: NormalizationSettings,
  turn: (levels: Float32Array) => Float32Array,
): Float32Array {
  const levels = pixels.map((value, i) => {
    const level = Math.trunc((255 * (value - (mean[i % 3] ?? 0))) / (std[i % 3] ?? 1));
    return ((level % 256) + 256) % 256;
  });
  return turn(levels).map((level, i) => (level / 255) * (std[i % 3] ?? 1) + (mean[i % 3] ?? 0));
}

/** BATT (Xu et al. 2023): the image turned by a fixed angle is the trigger (METHODS 2.2). */
export const batt: Attack = {
  kind: 'batt',
  label: 'BATT',
  description: 'The whole image turned by a fixed angle.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('batt', OPTIONS, options, context);
    checkTarget(context);
    const { height, width } = context;
    const angle = checked.number('angle');
    const benign = checked.number('benignAngle');
    const official = checked.choice('pipeline') === 'official-wrapped' ? normalizationOf(context) : null;
    const turnOne = (pixels: Float32Array) => {
      const turn = (values: Float32Array) => rotate(values, height, width, angle);
      return official ? wrapped(pixels, official, turn) : turn(pixels);
    };
    const trigger: Trigger = {
      label: `BATT, turned by ${angle}°${official ? ', wrapped as in the official code' : ''}`,
      apply(pixels, count) {
        const size = height * width * 3;
        const out = new Float32Array(pixels.length);
        for (let i = 0; i < count; i++) out.set(turnOne(pixels.subarray(i * size, (i + 1) * size)), i * size);
        return out;
      },
    };
    return Promise.resolve(
      triggerAttack({
        kind: 'batt',
        context,
        checked,
        trigger,
        train: (pixels, { role, random }) => {
          if (role === 'poison') return turnOne(pixels);
          return benign === 0 ? pixels : rotate(pixels, height, width, random.uniform(-benign, benign));
        },
      }),
    );
  },
};
