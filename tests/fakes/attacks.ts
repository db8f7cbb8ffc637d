import { StudioError } from '../../src/protocol/errors';
import type { AttackSettings } from '../../src/protocol/experiment';
import type {
  ArchitectureDescriptor,
  AttackDescriptor,
  ImageStrip,
  OptionDescriptor,
  PoisoningSummary,
} from '../../src/protocol/summaries';
import { fakeStrip, stream } from './pictures';

/** Attacks as the fake engine offers them: forms as long as the real ones, pictures that are only drawn. */

const rate = (value: number): OptionDescriptor => ({
  key: 'rate',
  label: 'Poison rate',
  help: 'Share of all training images that get the trigger and the target’s label.',
  kind: 'number',
  default: value,
  minimum: 0,
  maximum: 1,
  training: true,
});

const number = (
  key: string,
  label: string,
  value: number,
  [minimum, maximum]: readonly [number, number],
  whole = false,
): OptionDescriptor => ({
  key,
  label,
  help: `From ${minimum} to ${maximum}.`,
  kind: whole ? 'integer' : 'number',
  default: value,
  minimum,
  maximum,
});

const choice = (key: string, label: string, choices: readonly string[]): OptionDescriptor => ({
  key,
  label,
  help: 'As the papers have it.',
  kind: 'choice',
  default: choices[0] ?? null,
  choices,
});

const image = (key: string, label: string): OptionDescriptor => ({
  key,
  label,
  help: 'PNG or JPEG; a drawn one without.',
  kind: 'image',
  default: null,
});

const patch: readonly OptionDescriptor[] = [
  {
    key: 'size',
    label: 'Patch side',
    help: 'Pixels; where none is given, 3, and 20 on images of 128 pixels and more.',
    kind: 'integer',
    default: null,
    bySize: { small: 3, large: 20 },
    minimum: 1,
    maximum: 1024,
  },
  choice('corner', 'Corner', ['bottom right', 'bottom left', 'top right', 'top left']),
  { ...number('opacity', 'Opacity', 1, [0.01, 1]), help: '1 replaces the pixels.' },
];

export const FAKE_ATTACKS: readonly AttackDescriptor[] = [
  {
    kind: 'badnets',
    label: 'BadNets',
    description: 'A small square of fixed grey levels in a corner (Gu et al. 2017).',
    options: [...patch, rate(0.1)],
  },
  {
    kind: 'blended',
    label: 'Blended',
    description: 'A picture mixed into the whole image (Chen et al. 2017).',
    options: [
      image('image', 'Blended image'),
      number('ratio', 'Share of the image', 0.2, [0.01, 1]),
      rate(0.1),
    ],
  },
  {
    kind: 'wanet',
    label: 'WaNet',
    description: 'The whole image warped a little, always the same way.',
    options: [
      number('k', 'Grid points', 4, [2, 32], true),
      number('strength', 'Strength', 0.5, [0, 8]),
      { ...choice('noise', 'Noise mode', ['on', 'off']), training: true },
      rate(0.1),
    ],
  },
  {
    kind: 'physical',
    label: 'PhysicalBA',
    description: 'BadNets, with training images transformed as a camera would.',
    options: [...patch, rate(0.1)],
  },
  {
    kind: 'batt',
    label: 'BATT',
    description: 'The whole image turned.',
    options: [number('angle', 'Angle', 16, [-180, 180]), rate(0.1)],
  },
  {
    kind: 'label-consistent',
    label: 'Label-Consistent',
    description: 'Only images of the target class are changed, and none is relabelled.',
    options: [
      ...patch,
      { ...rate(0.25), help: 'Share of the training images of the target class.' },
      {
        key: 'surrogate',
        label: 'Surrogate',
        help: 'The model the perturbations are made against.',
        kind: 'file',
        default: null,
        training: true,
      },
    ],
  },
  {
    kind: 'adaptive-patch',
    label: 'Adaptive-Patch',
    description: 'Four triggers, and covers that keep their label.',
    options: [
      image('image1', 'Trigger 1'),
      number('testAlpha', 'Opacity in the test', 1, [0.01, 1]),
      rate(0.01),
    ],
  },
  {
    kind: 'custom',
    label: 'Custom',
    description: 'A picture of your own, laid over the image.',
    options: [
      image('image', 'Picture'),
      image('mask', 'Mask'),
      number('size', 'Width', 0.2, [0.001, 1]),
      rate(0.1),
    ],
  },
];

export const FAKE_ARCHITECTURES: readonly ArchitectureDescriptor[] = [
  { id: 'resnet18', label: 'CIFAR ResNet-18', learningRate: 0.1 },
  { id: 'resnet34', label: 'CIFAR ResNet-34', learningRate: 0.1 },
  { id: 'vgg16', label: 'VGG-16 without batch-norm', learningRate: 0.01 },
  { id: 'vit', label: 'ViT for small images', learningRate: 0.001 },
];

/** Pictures of an attack; refuses what the real one would. */
export function fakePreview(
  { kind, target, options }: AttackSettings,
  count: number,
): { readonly clean: ImageStrip; readonly triggered: ImageStrip } {
  const size = typeof options['size'] === 'number' ? options['size'] : 3;
  if (kind !== 'custom' && size > 32) {
    const message = `A patch of ${size} pixels is larger than the images of 32×32.`;
    throw refusal('attack.options.size', message);
  }
  if (kind === 'custom' && options['image'] === undefined) {
    throw refusal('attack.options.image', 'The custom trigger wants a picture: choose one, or drop it here.');
  }
  if (options['mask'] === 'empty.png') {
    throw refusal('attack.options.mask', 'The mask empty.png of the custom trigger is empty.');
  }
  if (target > 9) throw refusal('attack.target', `The target class ${target} does not exist.`);
  const labels = Array.from({ length: count }, (_, index) => index + 1);
  const clean = fakeStrip(labels, 20);
  return { clean, triggered: change(clean, kind, size) };
}

function change(clean: ImageStrip, kind: string, size: number): ImageStrip {
  const { height, width, count } = clean;
  const pixels = Uint8Array.from(clean.pixels);
  const random = stream(9);
  const at = (n: number, y: number, x: number) => ((n * height + y) * width + x) * 3;
  const clouds = Array.from({ length: height * width * 3 }, () => random() * 255);
  for (let n = 0; n < count; n += 1) {
    for (let y = 0; y < height; y += 1) {
      for (let x = 0; x < width; x += 1) {
        for (let c = 0; c < 3; c += 1) {
          const to = at(n, y, x) + c;
          const warped = (dy: number, dx: number) =>
            clean.pixels[at(n, (y + dy + height) % height, (x + dx + width) % width) + c] ?? 0;
          if (kind === 'blended')
            pixels[to] = 0.85 * (clean.pixels[to] ?? 0) + 0.15 * (clouds[(y * width + x) * 3 + c] ?? 0);
          else if (kind === 'wanet')
            pixels[to] = warped(Math.round(Math.sin(x / 5)), Math.round(Math.cos(y / 6)));
          else if (kind === 'batt') pixels[to] = warped(Math.round((x - 16) / 4), Math.round((16 - y) / 4));
          else if (y >= height - size && x >= width - size) pixels[to] = ((x * 7 + y * 13) % 5) * 60;
        }
      }
    }
  }
  return { ...clean, pixels };
}

/** Counts that have the shape of an attack's; no index of them was ever drawn by one. */
function refusal(subject: string, message: string): StudioError {
  return new StudioError('trigger/invalid', message, { subject });
}

export function fakePoisoning({ kind, target, options }: AttackSettings): PoisoningSummary {
  const share = typeof options['rate'] === 'number' ? options['rate'] : 0.1;
  if (share >= 1) {
    throw refusal('attack.options.rate', `The ${kind} attack would leave none clean; lower its "rate".`);
  }
  const only = kind === 'label-consistent';
  const cover = kind === 'adaptive-patch' ? 0.02 : 0;
  const noise = kind === 'wanet' ? 0.2 : 0;
  const random = stream(4);
  const some = (images: number, part: number) =>
    part === 0 ? 0 : Math.round(images * part * (0.85 + random() * 0.3));
  const classes = Array.from({ length: 10 }, (_, label) => ({
    label,
    images: 500,
    poison: only ? (label === target ? some(500, share) : 0) : some(500, share),
    cover: some(500, cover),
    noise: some(500, noise),
  }));
  const sum = (key: 'poison' | 'cover' | 'noise') => classes.reduce((total, row) => total + row[key], 0);
  const indices = (count: number, from: number) => Array.from({ length: count }, (_, i) => i * 3 + from);
  return {
    target,
    count: 5000,
    poison: sum('poison'),
    cover: sum('cover'),
    noise: sum('noise'),
    relabelled: only ? 0 : sum('poison') - (classes[target]?.poison ?? 0),
    classes,
    indices: {
      poison: indices(sum('poison'), 0),
      cover: indices(sum('cover'), 1),
      noise: indices(sum('noise'), 2),
    },
  };
}
