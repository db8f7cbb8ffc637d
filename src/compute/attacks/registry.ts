import { StudioError } from '../../protocol/errors';
import type { AttackDescriptor } from '../../protocol/summaries';
import type { Attack } from './attack';
import { adaptive } from './adaptive';
import { badnets } from './badnets';
import { batt } from './batt';
import { blended } from './blended';
import { custom } from './custom';
import { labelConsistent } from './labelConsistent';
import { physical } from './physical';
import { wanet } from './wanet';

/** Attacks by kind. Adding one is one file and one line here. */
export const ATTACKS: readonly Attack[] = [
  badnets,
  blended,
  wanet,
  physical,
  batt,
  labelConsistent,
  adaptive,
  custom,
];

/**
 * The attack an experiment names.
 * @throws StudioError `trigger/invalid` naming the kinds there are.
 */
export function attackByKind(kind: string): Attack {
  const attack = ATTACKS.find((candidate) => candidate.kind === kind);
  if (attack) return attack;
  const known = ATTACKS.map((candidate) => candidate.kind).join(', ');
  throw new StudioError('trigger/invalid', `There is no attack "${kind}"; the studio knows ${known}.`, {
    subject: 'attack.kind',
  });
}

/** What the page needs to list the attacks and build their forms. */
export function attackDescriptors(): AttackDescriptor[] {
  return ATTACKS.map(({ kind, label, description, options }) => ({ kind, label, description, options }));
}
