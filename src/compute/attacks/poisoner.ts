import { PURPOSE, RandomStream } from '../../data/random';
import type { Poisoner } from './attack';
import { lookUp, type PoisonPlan, type PoisonRole } from './poisonPlan';

/** One training image on its way to the victim. */
export interface TrainingImage {
  readonly role: PoisonRole;
  /** Which of its role's list it is, from 0; -1 for clean images. */
  readonly place: number;
  readonly index: number;
  /** Numbers that depend on the seed, the epoch and the image alone. */
  readonly random: RandomStream;
}

/**
 * What becomes of one training image: float32 RGB in [0,1], [H, W, 3], which may be the given array, changed or not.
 */
export type TrainImage = (pixels: Float32Array, image: TrainingImage) => Float32Array;

/** A poisoner that treats every image for itself. `seed` is the victim training's. */
export function createPoisoner(plan: PoisonPlan, seed: number, train: TrainImage): Poisoner {
  const known = lookUp(plan);
  return {
    plan,
    apply(pixels, indices, epoch) {
      const size = pixels.length / indices.length;
      indices.forEach((index, i) => {
        const view = pixels.subarray(i * size, (i + 1) * size);
        const random = new RandomStream(seed, PURPOSE.poisonImage, epoch * plan.count + index);
        const result = train(view, { role: known.role(index), place: known.place(index), index, random });
        if (result !== view) view.set(result);
      });
    },
  };
}
