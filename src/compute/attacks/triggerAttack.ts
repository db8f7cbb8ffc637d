import type { AttackAsset, PreparedAttack, Trigger, TriggerContext } from './attack';
import type { CheckedOptions } from './options';
import { createPoisoner, type TrainImage } from './poisoner';
import { drawPlan, type PlanShares } from './poisonPlan';

/** What distinguishes an attack whose poisoning needs nothing but its trigger and, perhaps, another training version. */
export interface TriggerAttackParts {
  readonly kind: string;
  readonly context: TriggerContext;
  readonly checked: CheckedOptions;
  /** What the victim is tested with. */
  readonly trigger: Trigger;
  /** Shares of the data; the option `rate` of all images, relabelled, where absent. */
  readonly shares?: Partial<PlanShares>;
  /** What training does to an image; where absent, poisoned images get the test trigger. */
  readonly train?: TrainImage;
  readonly assets?: Readonly<Record<string, AttackAsset>>;
}

/** The `PreparedAttack` of such an attack. */
export function triggerAttack(parts: TriggerAttackParts): PreparedAttack {
  const { kind, context, checked, trigger, assets = {} } = parts;
  const train: TrainImage =
    parts.train ?? ((pixels, { role }) => (role === 'poison' ? trigger.apply(pixels, 1) : pixels));
  return {
    kind,
    label: trigger.label,
    target: context.target,
    options: checked.values,
    surrogate: null,
    assets,
    apply: (pixels, count) => trigger.apply(pixels, count),
    plan: (labels, seed) =>
      drawPlan(kind, labels, seed, {
        target: context.target,
        rate: checked.number('rate'),
        from: 'all',
        relabel: 'target',
        ...parts.shares,
      }),
    poisoner: (plan, { seed }) => Promise.resolve(createPoisoner(plan, seed, train)),
  };
}
