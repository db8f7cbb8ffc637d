import { PURPOSE, RandomStream } from '../../data/random';
import { StudioError } from '../../protocol/errors';

/** What a training image is to the attack. */
export type PoisonRole = 'clean' | 'poison' | 'cover' | 'noise';

/** Which training images an attack changes. The three lists are disjoint and in the order they were drawn. */
export interface PoisonPlan {
  readonly target: number;
  /** Training images in all. */
  readonly count: number;
  /** Images that carry the trigger. */
  readonly poison: Uint32Array;
  /** Images that carry a trigger and keep their label (Adaptive-Patch). */
  readonly cover: Uint32Array;
  /** Images that carry a random variant of the trigger and keep their label (WaNet's noise mode). */
  readonly noise: Uint32Array;
  /** Whether poisoned images take the target's label or keep their own (clean-label attacks). */
  readonly relabel: 'target' | 'keep';
}

/** How much of the data an attack asks for. */
export interface PlanShares {
  readonly target: number;
  /** Share of the candidates that is poisoned, in [0,1]. */
  readonly rate: number;
  /** Covers and noise images, as shares of all images; none where absent. */
  readonly coverRate?: number;
  readonly noiseRate?: number;
  /** `all`: every image may be poisoned, those of the target class too (METHODS 2.1). `target`: those of the target class alone. */
  readonly from: 'all' | 'target';
  readonly relabel: 'target' | 'keep';
}

/**
 * Draws a plan: candidates in the order of `RandomStream(seed, poison)`, the first floor(candidates · rate) poisoned, then the
 * covers, then the noise images.
 * @param kind names the attack in messages.
 * @throws StudioError `trigger/invalid` where nothing would be poisoned or nothing would stay clean.
 */
export function drawPlan(kind: string, labels: Int32Array, seed: number, shares: PlanShares): PoisonPlan {
  const { target, rate, coverRate = 0, noiseRate = 0, from, relabel } = shares;
  const count = labels.length;
  const everyImage = Uint32Array.from({ length: count }, (_, i) => i);
  const candidates = from === 'all' ? everyImage : everyImage.filter((i) => labels[i] === target);
  if (candidates.length === 0) {
    throw refusal(
      'attack.target',
      `The ${kind} attack poisons images of the target class ${target}, and the training data has none.`,
    );
  }
  const order = new RandomStream(seed, PURPOSE.poison).shuffle(candidates);
  const poisoned = Math.floor(candidates.length * rate);
  const covered = Math.floor(count * coverRate);
  const noisy = Math.floor(count * noiseRate);
  if (poisoned === 0) {
    const of = from === 'all' ? 'training images' : `training images of class ${target}`;
    throw refusal(
      'attack.options.rate',
      `The option "rate" of the ${kind} attack is ${rate}: of ${candidates.length} ${of} not one would be poisoned.`,
    );
  }
  if (poisoned + covered + noisy >= count) {
    throw refusal(
      'attack.options.rate',
      `The ${kind} attack would change ${Math.min(count, poisoned + covered + noisy)} of ${count} training images and leave none clean; lower its "rate".`,
    );
  }
  return {
    target,
    count,
    poison: order.slice(0, poisoned),
    cover: order.slice(poisoned, poisoned + covered),
    noise: order.slice(poisoned + covered, poisoned + covered + noisy),
    relabel,
  };
}

function refusal(subject: string, message: string): StudioError {
  return new StudioError('trigger/invalid', message, { subject });
}

/** What image `index` is to the plan, and which of its list: places count from 0, and a clean image's is -1. */
export interface PlanLookup {
  role(index: number): PoisonRole;
  place(index: number): number;
}

/** The plan by image index; five bytes an image. */
export function lookUp(plan: PoisonPlan): PlanLookup {
  const roles = new Uint8Array(plan.count);
  const places = new Int32Array(plan.count).fill(-1);
  const names = ['clean', 'poison', 'cover', 'noise'] as const;
  [plan.poison, plan.cover, plan.noise].forEach((list, i) => {
    list.forEach((index, place) => {
      roles[index] = i + 1;
      places[index] = place;
    });
  });
  return { role: (index) => names[roles[index] ?? 0] ?? 'clean', place: (index) => places[index] ?? -1 };
}

/** The labels that the victim is trained with, [count]; a new array. */
export function plannedLabels(plan: PoisonPlan, labels: Int32Array): Int32Array {
  const planned = labels.slice();
  if (plan.relabel === 'target') for (const index of plan.poison) planned[index] = plan.target;
  return planned;
}
