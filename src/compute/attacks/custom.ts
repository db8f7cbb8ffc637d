import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { Attack, PreparedAttack, Trigger, TriggerContext, TriggerImage } from './attack';
import { type CheckedOptions, checkOptions, checkTarget, rateOption } from './options';
import { layOver, paintOverlay, type Overlay } from './overlay';
import { resizePillow } from './resample';
import { triggerAttack } from './triggerAttack';

function share(
  key: string,
  label: string,
  help: string,
  standard: number,
  minimum: number,
): OptionDescriptor {
  return { key, label, help, kind: 'number', default: standard, minimum, maximum: 1 };
}

const OPTIONS: readonly OptionDescriptor[] = [
  {
    key: 'image',
    label: 'Picture',
    help: 'A PNG or JPEG of your own. The transparency of a PNG is its mask.',
    kind: 'image',
    default: null,
  },
  {
    key: 'mask',
    label: 'Mask',
    help: 'A second picture, brought to the size of the first: white is covered, black is not. Without one, the transparency of the picture, and all of it where it has none.',
    kind: 'image',
    default: null,
  },
  share('size', 'Width', 'As a share of the image’s width; the height follows.', 0.2, 0.001),
  share('left', 'Across', '0: at the left edge; 1: at the right edge.', 1, 0),
  share('top', 'Down', '0: at the top; 1: at the bottom.', 1, 0),
  share('opacity', 'Opacity', '1 replaces the pixels; less lets them shine through.', 1, 0.01),
  rateOption(0.1),
];

function refuse(key: string, message: string): never {
  throw new StudioError('trigger/invalid', message, { subject: `attack.options.${key}` });
}

/** How much each pixel of the picture covers, in [0,1], as grey RGB to be resized: the mask, the transparency, or all of it. */
async function maskOf(
  picture: TriggerImage,
  names: { readonly image: string; readonly mask: string | null },
  size: { readonly height: number; readonly width: number },
  context: TriggerContext,
): Promise<Float64Array> {
  const { height, width } = size;
  const opaque = new Float64Array(height * width).fill(1);
  const given = names.mask === null ? null : await context.image(names.mask);
  if (given) checkPixels('mask', names.mask ?? '', given);
  const { alpha } = picture;
  const grey = given
    ? given
    : alpha && {
        ...picture,
        data: Uint8Array.from({ length: 3 * alpha.length }, (_, i) => alpha[Math.floor(i / 3)] ?? 0),
      };
  if (!grey) return opaque;
  const resized = resizePillow(grey, height, width);
  const weights = opaque.map((_, i) => {
    const [red = 0, green = 0, blue = 0] = resized.subarray(3 * i, 3 * i + 3);
    return (red + green + blue) / 765;
  });
  if (weights.some((weight) => weight > 0)) return weights;
  return names.mask === null
    ? refuse(
        'image',
        `The picture ${names.image} of the custom trigger is transparent all over: its mask is empty.`,
      )
    : refuse('mask', `The mask ${names.mask} of the custom trigger is empty: it is black all over.`);
}

function checkPixels(key: string, id: string, { height, width }: TriggerImage): void {
  if (height < 1 || width < 1) refuse(key, `The picture ${id} of the custom trigger has no pixels.`);
}

async function customOverlay(id: string, checked: CheckedOptions, context: TriggerContext): Promise<Overlay> {
  const picture = await context.image(id);
  checkPixels('image', id, picture);
  const width = Math.max(1, Math.round(checked.number('size') * context.width));
  const height = Math.max(1, Math.round((width * picture.height) / picture.width));
  if (height > context.height) {
    refuse(
      'size',
      `The custom trigger would be ${height} by ${width} pixels, larger than the images of ${context.height} by ${context.width}; choose a smaller width.`,
    );
  }
  const colours = resizePillow(picture, height, width);
  const weights = await maskOf(
    picture,
    { image: id, mask: checked.imageId('mask') },
    { height, width },
    context,
  );
  const left = Math.round(checked.number('left') * (context.width - width));
  const top = Math.round(checked.number('top') * (context.height - height));
  const opacity = checked.number('opacity');
  return paintOverlay(context.height, context.width, (row, column) => {
    const [y, x] = [row - top, column - left];
    if (y < 0 || x < 0 || y >= height || x >= width) return null;
    const at = y * width + x;
    const [red = 0, green = 0, blue = 0] = colours.subarray(3 * at, 3 * at + 3);
    return { colour: [red / 255, green / 255, blue / 255], weight: opacity * (weights[at] ?? 0) };
  });
}

/** A patch attack with a picture of the person's own. */
export const custom: Attack = {
  kind: 'custom',
  label: 'Your own picture',
  description: 'A picture that you drop, placed, sized and masked as you like.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('custom', OPTIONS, options, context);
    checkTarget(context);
    const id =
      checked.imageId('image') ?? refuse('image', 'The custom trigger wants a picture: drop a PNG or JPEG.');
    const overlay = await customOverlay(id, checked, context);
    const trigger: Trigger = {
      label: `${id}, ${Math.round(100 * checked.number('size'))} % of the width`,
      apply: (pixels, count) => layOver(pixels.slice(), count, overlay),
    };
    return triggerAttack({ kind: 'custom', context, checked, trigger });
  },
};
