import type { PoisoningSummary } from '../../protocol/summaries';
import type { PoisonPlan } from './poisonPlan';

/** Counts a plan by class. @param labels true labels of all training images; @param classes how many classes there are. */
export function poisoningSummary(plan: PoisonPlan, labels: Int32Array, classes: number): PoisoningSummary {
  const { target, count, poison, cover, noise, relabel } = plan;
  const every = Uint32Array.from({ length: count }, (_, i) => i);
  const [images, poisoned, covered, noisy] = [every, poison, cover, noise].map((list) => {
    const counts = new Array<number>(classes).fill(0);
    for (const index of list) {
      const label = labels[index] ?? -1;
      counts[label] = (counts[label] ?? 0) + 1;
    }
    return counts;
  });
  const ascending = (list: Uint32Array) => [...list].sort((a, b) => a - b);
  return {
    target,
    count,
    poison: poison.length,
    cover: cover.length,
    noise: noise.length,
    relabelled: relabel === 'target' ? poison.filter((index) => labels[index] !== target).length : 0,
    classes: Array.from({ length: classes }, (_, label) => ({
      label,
      images: images?.[label] ?? 0,
      poison: poisoned?.[label] ?? 0,
      cover: covered?.[label] ?? 0,
      noise: noisy?.[label] ?? 0,
    })),
    indices: { poison: ascending(poison), cover: ascending(cover), noise: ascending(noise) },
  };
}
