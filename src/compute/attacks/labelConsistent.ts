import { toUnitFloats } from '../../data/pixels';
import type { OptionDescriptor } from '../../protocol/summaries';
import type { Attack, Poisoner, PreparedAttack, Trigger, TriggerContext } from './attack';
import { checkFits, cornerPatch, PATCH_OPTIONS } from './cornerPatch';
import { type CheckedOptions, checkOptions, checkTarget, rateOption } from './options';
import { layOver, paintOverlay, type Overlay } from './overlay';
import { PerturbedImages, type PerturbedImagesOptions } from './perturbedImages';
import { createPoisoner } from './poisoner';
import { triggerAttack } from './triggerAttack';

function perturbation(
  key: string,
  label: string,
  help: string,
  standard: number,
  whole = false,
): OptionDescriptor {
  return {
    key,
    label,
    help,
    kind: whole ? 'integer' : 'number',
    default: standard,
    minimum: 0,
    maximum: whole ? 10000 : 255,
    training: true,
  };
}

const OPTIONS: readonly OptionDescriptor[] = [
  {
    key: 'trigger',
    label: 'Trigger',
    help: '"patch": BadNets’ square, as the REFINE code has it. "four corners": a black and white square in every corner, as BackdoorBox has it; the corner and the pattern then do not matter.',
    kind: 'choice',
    default: 'patch',
    choices: ['patch', 'four corners'],
  },
  ...PATCH_OPTIONS,
  rateOption(
    { small: 0.25, large: 1 },
    'Share of the training images of the target class; where none is given, 0.25, and 1 on images of 128 pixels and more (the paper’s). Labels are not changed.',
  ),
  perturbation(
    'epsilon',
    'Largest change',
    'Of a pixel before the trigger goes on, in grey levels of 255.',
    8,
  ),
  perturbation('stepSize', 'Step size', 'In grey levels of 255.', 1.5),
  perturbation('steps', 'Steps', 'Of projected gradient descent.', 100, true),
  {
    key: 'pgdInput',
    label: 'What the surrogate sees',
    help: '"trained": pixels normalised as it was trained. "pixels": pixels in [0,1] that are not normalised, as the published code feeds a classifier that was trained on normalised ones; its gradients are then of little use.',
    kind: 'choice',
    default: 'trained',
    choices: ['trained', 'pixels'],
    training: true,
  },
  {
    key: 'surrogate',
    label: 'Surrogate',
    help: 'The model file that the perturbations are made against; without one, a benign classifier is trained first, on the same data and with the same recipe.',
    kind: 'file',
    default: null,
    training: true,
  },
  {
    key: 'warmStart',
    label: 'Start from the surrogate',
    help: '"on": the victim’s training starts from the surrogate’s weights, as in the published code, where both are the same object.',
    kind: 'choice',
    default: 'off',
    choices: ['off', 'on'],
    training: true,
  },
];

/** White cells of BackdoorBox's 3 x 3 squares, counted from the corner: in the upper corners, and in the lower ones. */
const UPPER = ['0 0', '1 1', '2 2', '2 0'];
const LOWER = ['0 0', '0 2', '1 1', '2 0'];

function fourCornerOverlay(checked: CheckedOptions, context: TriggerContext): Overlay {
  const { height, width } = context;
  const side = checked.number('size');
  const weight = checked.number('opacity');
  checkFits('label-consistent', 2 * side, context);
  return paintOverlay(height, width, (row, column) => {
    const down = Math.min(row, height - 1 - row);
    const across = Math.min(column, width - 1 - column);
    if (down >= side || across >= side) return null;
    const cell = `${Math.floor(((down + 0.5) * 3) / side)} ${Math.floor(((across + 0.5) * 3) / side)}`;
    const level = (row < height / 2 ? UPPER : LOWER).includes(cell) ? 1 : 0;
    return { colour: [level, level, level], weight };
  });
}

/** The descent that the options ask for. */
function descentOf(checked: CheckedOptions): PerturbedImagesOptions['descent'] {
  return {
    epsilon: checked.number('epsilon') / 255,
    stepSize: checked.number('stepSize') / 255,
    steps: checked.number('steps'),
    input: checked.choice('pgdInput') === 'pixels' ? 'pixels' : 'trained',
  };
}

/**
 * Label-Consistent (Turner et al. 2019): images of the target class, changed until a classifier no longer knows them, carry the
 * trigger and keep their right label (METHODS 2.2). Only the changed images are kept in memory, as uint8.
 */
export const labelConsistent: Attack = {
  kind: 'label-consistent',
  label: 'Label-Consistent',
  description: 'BadNets’ square on images of the target class alone, made hard to know; no label is wrong.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('label-consistent', OPTIONS, options, context);
    checkTarget(context);
    const corners = checked.choice('trigger') === 'four corners';
    const patch = corners
      ? {
          overlay: fourCornerOverlay(checked, context),
          words: `${checked.number('size')}×${checked.number('size')}, four corners`,
        }
      : cornerPatch('label-consistent', checked, context);
    const trigger: Trigger = {
      label: `Label-Consistent ${patch.words}`,
      apply: (pixels, count) => layOver(pixels.slice(), count, patch.overlay),
    };
    const attack = triggerAttack({
      kind: 'label-consistent',
      context,
      checked,
      trigger,
      shares: { from: 'target', relabel: 'keep' },
    });
    return Promise.resolve({
      ...attack,
      surrogate: { path: checked.path('surrogate'), warmStart: checked.choice('warmStart') === 'on' },
      poisoner: (plan, { split, seed, groundwork: kept = null }): Promise<Poisoner> => {
        const { height, width } = context;
        const options = { plan, split, height, width, descent: descentOf(checked), kept };
        const images = new PerturbedImages(options);
        const poisoner = createPoisoner(plan, seed, (pixels, { role, place }) =>
          role === 'poison' ? layOver(toUnitFloats(images.at(place)), 1, patch.overlay) : pixels,
        );
        return Promise.resolve({ ...poisoner, groundwork: images });
      },
    });
  },
};
