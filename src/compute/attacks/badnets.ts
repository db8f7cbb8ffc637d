import type { OptionDescriptor } from '../../protocol/summaries';
import type { Attack, PreparedAttack, Trigger } from './attack';
import { cornerPatch, PATCH_OPTIONS } from './cornerPatch';
import { checkOptions, checkTarget, rateOption } from './options';
import { layOver } from './overlay';
import { triggerAttack } from './triggerAttack';

const OPTIONS: readonly OptionDescriptor[] = [...PATCH_OPTIONS, rateOption(0.1)];

/** BadNets (Gu et al. 2017) as the official REFINE code has it: a small square of fixed grey levels in a corner. */
export const badnets: Attack = {
  kind: 'badnets',
  label: 'BadNets',
  description: 'A small square of fixed grey levels in a corner of the image.',
  options: OPTIONS,
  async prepare(options, context): Promise<PreparedAttack> {
    const checked = checkOptions('badnets', OPTIONS, options, context);
    checkTarget(context);
    const { overlay, words } = cornerPatch('badnets', checked, context);
    const trigger: Trigger = {
      label: `BadNets ${words}`,
      apply: (pixels, count) => layOver(pixels.slice(), count, overlay),
    };
    return Promise.resolve(triggerAttack({ kind: 'badnets', context, checked, trigger }));
  },
};
