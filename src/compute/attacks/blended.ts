import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import { PURPOSE, RandomStream } from '../../data/random';
import { valueNoise } from '../../data/drawn/texture';
import type { Attack, PreparedAttack, Trigger, TriggerContext } from './attack';
import { checkOptions, checkTarget, rateOption } from './options';
import { resizeBilinear, resizePillow } from './resample';
import { triggerAttack } from './triggerAttack';

const OPTIONS: readonly OptionDescriptor[] = [
  {
    key: 'image',
    label: 'Blended image',
    help: 'A picture of your own; without one, the studio draws soft coloured clouds from the seed.',
    kind: 'image',
    default: null,
  },
  {
    key: 'ratio',
    label: 'Share of the image',
    help: '0.1 gives nine parts of the photograph and one of the blended image.',
    kind: 'number',
    default: 0.1,
    minimum: 0.01,
    maximum: 1,
  },
  {
    key: 'resize',
    label: 'Resizing',
    help: 'How the picture is brought to size: as torchvision resizes a tensor, or as Pillow resizes a picture.',
    kind: 'choice',
    default: 'tensor',
    choices: ['tensor', 'pillow'],
  },
  {
    key: 'quantize',
    label: 'Rounding',
    help: '"truncate" cuts the result down to whole grey levels, as attacks do that work on uint8 images.',
    kind: 'choice',
    default: 'none',
    choices: ['none', 'truncate'],
  },
  rateOption(0.1),
];

/**
 * The picture used where the person gives none: soft coloured clouds, two octaves of value noise a channel from
 * `RandomStream(seed, trigger, channel)`, stretched to fill [0,1]. [height, width, 3].
 */
function drawnPattern(context: TriggerContext): Float32Array {
  const { height, width, seed } = context;
  const pattern = new Float32Array(height * width * 3);
  for (let channel = 0; channel < 3; channel++) {
    const random = new RandomStream(seed, PURPOSE.trigger, channel);
    const coarse = valueNoise(random, 4, height, width);
    const fine = valueNoise(random, 9, height, width);
    const sum = coarse.map((value, i) => value + 0.5 * (fine[i] ?? 0));
    const low = sum.reduce((least, value) => Math.min(least, value), Infinity);
    const high = sum.reduce((most, value) => Math.max(most, value), -Infinity);
    sum.forEach((value, i) => {
      pattern[i * 3 + channel] = (value - low) / (high - low || 1);
    });
  }
  return pattern;
}

/** The person's picture at the size of the data, in [0,1], [height, width, 3]. */
async function givenPattern(id: string, resize: string, context: TriggerContext): Promise<Float32Array> {
  const image = await context.image(id);
  if (image.height < 1 || image.width < 1) {
    throw new StudioError('trigger/invalid', `The image "${id}" of the blended trigger has no pixels.`, {
      subject: 'attack.options.image',
    });
  }
  const scaled = (resize === 'pillow' ? resizePillow : resizeBilinear)(image, context.height, context.width);
  return Float32Array.from(scaled, (value) => value / 255);
}

/** Blended (Chen et al. 2017): every image becomes (1 - ratio) x + ratio · picture (METHODS 2.2). */
export const blended: Attack = {
  kind: 'blended',
  label: 'Blended',
  description: 'A faint picture laid over the whole image.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('blended', OPTIONS, options, context);
    checkTarget(context);
    const id = checked.imageId('image');
    const pattern =
      id === null ? drawnPattern(context) : await givenPattern(id, checked.choice('resize'), context);
    const ratio = checked.number('ratio');
    const truncate = checked.choice('quantize') === 'truncate';
    const trigger: Trigger = {
      label: `Blended, ${Math.round(ratio * 100)} % of ${id === null ? 'the drawn clouds' : id}`,
      apply(pixels, count) {
        const out = pixels.slice();
        for (let i = 0; i < count * pattern.length; i++) {
          const value = (1 - ratio) * (pixels[i] ?? 0) + ratio * (pattern[i % pattern.length] ?? 0);
          // The margin keeps a whole grey level whole although float32 may hold it a little low.
          out[i] = truncate ? Math.floor(value * 255 + 1e-3) / 255 : value;
        }
        return out;
      },
    };
    return triggerAttack({ kind: 'blended', context, checked, trigger });
  },
};
