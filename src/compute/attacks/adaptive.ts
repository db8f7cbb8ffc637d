import {
  curledFox,
  flame,
  fourCorners,
  PATCH_GRID,
  shield,
  type PatchDrawing,
} from '../../data/drawn/patches';
import { StudioError } from '../../protocol/errors';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { Attack, PreparedAttack, Trigger, TriggerContext } from './attack';
import { type CheckedOptions, checkOptions, checkTarget, rateOption } from './options';
import { layOver, paintOverlay, type Overlay } from './overlay';
import { createPoisoner, type TrainImage } from './poisoner';
import { resizeBilinear } from './resample';
import { triggerAttack } from './triggerAttack';

/** The four triggers and how strongly each is shown in training (METHODS 2.2). */
const TRIGGERS = [
  { drawing: flame, what: 'a flame in the bottom right corner', alpha: 0.5 },
  { drawing: fourCorners, what: 'four white pixels in every corner', alpha: 0.5 },
  { drawing: curledFox, what: 'a curled fox at the top right', alpha: 0.2 },
  { drawing: shield, what: 'a shield at the lower right', alpha: 0.3 },
] as const;

function triggerOptions(number: number, what: string, alpha: number): OptionDescriptor[] {
  return [
    {
      key: `image${number}`,
      label: `Trigger ${number}`,
      help: `A picture of your own, of the whole image; where it is black nothing is covered. Without one, the studio draws ${what}.`,
      kind: 'image',
      default: null,
    },
    {
      key: `alpha${number}`,
      label: `Opacity of trigger ${number} in training`,
      help: 'Weaker than in the test, so that poisoned images stay near their own class.',
      kind: 'number',
      default: alpha,
      minimum: 0.01,
      maximum: 1,
      training: true,
    },
  ];
}

const OPTIONS: readonly OptionDescriptor[] = [
  ...TRIGGERS.flatMap(({ what, alpha }, i) => triggerOptions(i + 1, what, alpha)),
  {
    key: 'test',
    label: 'Test trigger',
    help: '"first two": triggers 1 and 2 together, as the REFINE code has it. "mirrored": trigger 1 in both bottom corners and trigger 2, as the attack’s own code has it.',
    kind: 'choice',
    default: 'first two',
    choices: ['first two', 'mirrored'],
  },
  {
    key: 'testAlpha',
    label: 'Opacity in the test',
    help: '1 in all published code.',
    kind: 'number',
    default: 1,
    minimum: 0.01,
    maximum: 1,
  },
  rateOption(
    { small: 0.01, large: 0.03 },
    'Share of all training images that get a trigger and the target’s label; where none is given, 0.01, and 0.03 on images of 128 pixels and more (the paper’s). The REFINE code takes 0.03 for every architecture but ResNet-18; the attack’s own code 0.003.',
  ),
  {
    ...rateOption({ small: 0.02, large: 0.06 }),
    key: 'coverRate',
    label: 'Cover rate',
    help: 'Share of all training images that get a trigger and keep their label, none of them poisoned; where none is given, 0.02, and 0.06 on images of 128 pixels and more. The REFINE code takes 0.06 for every architecture but ResNet-18; the attack’s own code 0.006.',
  },
  {
    key: 'assignment',
    label: 'Which trigger',
    help: '"modulo": the i-th image of either list gets trigger i mod 4, as the REFINE code has it. "quarters": the first quarter gets trigger 1 and so on, as the attack’s own code has it.',
    kind: 'choice',
    default: 'modulo',
    choices: ['modulo', 'quarters'],
    training: true,
  },
];

function drawnOverlay(drawing: PatchDrawing, { height, width }: TriggerContext): Overlay {
  return paintOverlay(height, width, (row, column) => {
    const colour = drawing(
      Math.floor(((row + 0.5) * PATCH_GRID) / height),
      Math.floor(((column + 0.5) * PATCH_GRID) / width),
    );
    return colour && { colour, weight: 1 };
  });
}

/** A person's picture at the size of the images; its mask is where any channel is above 0. */
async function givenOverlay(key: string, id: string, context: TriggerContext): Promise<Overlay> {
  const { height, width } = context;
  const data = resizeBilinear(await context.image(id), height, width);
  const overlay = paintOverlay(height, width, (row, column) => {
    const at = (row * width + column) * 3;
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
    return red + green + blue > 0 ? { colour: [red / 255, green / 255, blue / 255], weight: 1 } : null;
  });
  if (overlay.places.length > 0) return overlay;
  throw new StudioError(
    'trigger/invalid',
    `The picture ${id} of the adaptive trigger is black all over, so its mask is empty.`,
    { subject: `attack.options.${key}` },
  );
}

function overlays(checked: CheckedOptions, context: TriggerContext): Promise<Overlay[]> {
  return Promise.all(
    TRIGGERS.map(async ({ drawing }, i) => {
      const key = `image${i + 1}`;
      const id = checked.imageId(key);
      return id === null ? drawnOverlay(drawing, context) : await givenOverlay(key, id, context);
    }),
  );
}

/** The overlay left to right. */
function mirrored(overlay: Overlay, width: number): Overlay {
  const places = overlay.places.map((place) => place - (place % width) + width - 1 - (place % width));
  return { ...overlay, places };
}

/** Adaptive-Patch (Qi et al. 2023): several weak triggers in training, two of them at full strength in the test. */
export const adaptive: Attack = {
  kind: 'adaptive',
  label: 'Adaptive-Patch',
  description: 'Four faint emblems in training, some without the target’s label; two in full in the test.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('adaptive', OPTIONS, options, context);
    checkTarget(context);
    const triggers = await overlays(checked, context);
    const [first, second] = triggers;
    const both = checked.choice('test') === 'mirrored';
    const shown = [first, both && first ? mirrored(first, context.width) : undefined, second].flatMap(
      (overlay) => overlay ?? [],
    );
    const testAlpha = checked.number('testAlpha');
    const shine = testAlpha === 1 ? '' : `, opacity ${testAlpha}`;
    const trigger: Trigger = {
      label: `Adaptive-Patch, triggers 1 and 2${both ? ', the first mirrored too' : ''}${shine}`,
      apply: (pixels, count) => {
        const out = pixels.slice();
        for (const overlay of shown) layOver(out, count, overlay, testAlpha);
        return out;
      },
    };
    const coverRate = checked.number('coverRate');
    const modulo = checked.choice('assignment') === 'modulo';
    const alphas = TRIGGERS.map((_, i) => checked.number(`alpha${i + 1}`));
    const attack = triggerAttack({ kind: 'adaptive', context, checked, trigger, shares: { coverRate } });
    return {
      ...attack,
      poisoner: (plan, source) => {
        const train: TrainImage = (pixels, { role, place }) => {
          if (role !== 'poison' && role !== 'cover') return pixels;
          const which = modulo ? place % 4 : Math.floor((4 * place) / plan[role].length);
          const overlay = triggers[which];
          return overlay ? layOver(pixels, 1, overlay, alphas[which]) : pixels;
        };
        return Promise.resolve(createPoisoner(plan, source.seed, train));
      },
    };
  },
};
