import type { ImageSplit } from '../../data/dataset';
import { toUnitFloats } from '../../data/pixels';
import { StudioError } from '../../protocol/errors';
import type { Work } from '../device/turn';
import type { Victim } from '../victim/victim';
import type { Groundwork } from './attack';
import { pgd, type PgdOptions } from './pgd';
import type { PoisonPlan } from './poisonPlan';

/** Images perturbed at once. */
const BATCH = 50;

/** What is perturbed, and how. */
export interface PerturbedImagesOptions {
  readonly plan: PoisonPlan;
  readonly split: ImageSplit;
  readonly height: number;
  readonly width: number;
  readonly descent: Pick<PgdOptions, 'epsilon' | 'stepSize' | 'steps' | 'input'>;
  /** What `done` gave before, under the same options. */
  readonly kept: Uint8Array | null;
}

/** The images of a plan, perturbed against a classifier, cut down to grey levels as the published code does; uint8, held in memory. */
export class PerturbedImages implements Groundwork {
  readonly label = 'Perturbing images';
  private readonly imageSize: number;
  private readonly images: Uint8Array;
  private count = 0;

  constructor(private readonly options: PerturbedImagesOptions) {
    const { plan, height, width, kept } = options;
    this.imageSize = height * width * 3;
    this.images = new Uint8Array(plan.poison.length * this.imageSize);
    if (!kept || kept.length > this.images.length || kept.length % this.imageSize !== 0) return;
    this.images.set(kept);
    this.count = kept.length / this.imageSize;
  }

  get complete(): boolean {
    return this.count === this.options.plan.poison.length;
  }

  get done(): Uint8Array {
    return this.images.subarray(0, this.count * this.imageSize);
  }

  /** The image at `place` of the plan, RGB [H, W, 3]. @throws StudioError `internal` where it is not perturbed yet. */
  at(place: number): Uint8Array {
    if (place < this.count) return this.images.subarray(place * this.imageSize, (place + 1) * this.imageSize);
    throw new StudioError('internal', 'An image was to be poisoned that is not perturbed yet.');
  }

  async run(surrogate: Victim | null, work: Work): Promise<void> {
    if (!surrogate) {
      throw new StudioError(
        'trigger/invalid',
        'The label-consistent attack wants a classifier to perturb images against; load one or have one trained first.',
        { subject: 'attack.options.surrogate' },
      );
    }
    const { plan, split, descent, height, width } = this.options;
    const total = plan.poison.length;
    const { turn, signal } = work;
    while (this.count < total) {
      work.onProgress(this.count, total);
      const indices = plan.poison.slice(this.count, this.count + BATCH);
      const labels = new Int32Array(indices.length).fill(plan.target);
      const pixels = toUnitFloats(await split.read(indices));
      const adversarial = await pgd(surrogate, pixels, { height, width }, labels, {
        ...descent,
        turn,
        signal,
      });
      const first = this.count * this.imageSize;
      // The margin keeps a whole grey level whole although float32 may hold it a little low.
      adversarial.forEach((value, i) => {
        this.images[first + i] = Math.floor(value * 255 + 1e-3);
      });
      this.count += indices.length;
    }
    work.onProgress(total, total);
  }
}
