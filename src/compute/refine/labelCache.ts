const UNKNOWN = -1;

/**
 * Pseudo-labels by image. The victim is frozen, so where images are not augmented its label of an image is the same in every
 * epoch, and the forward pass that finds it (a sixth to a quarter of a step) is needed once. Four bytes an image; nothing
 * of it is in a checkpoint, because a resumed run finds the same labels again.
 */
export class LabelCache {
  private readonly labels: Int32Array;

  /** @param images how many there are. */
  constructor(images: number) {
    this.labels = new Int32Array(images).fill(UNKNOWN);
  }

  /** The labels of these images, or null where one is not known yet. */
  find(indices: ArrayLike<number>): Int32Array | null {
    const found = Int32Array.from({ length: indices.length }, (_, i) => {
      return this.labels[indices[i] ?? -1] ?? UNKNOWN;
    });
    return found.includes(UNKNOWN) ? null : found;
  }

  /** Remembers the labels of these images, in their order. */
  keep(indices: ArrayLike<number>, labels: ArrayLike<number>): void {
    for (let i = 0; i < indices.length; i++) this.labels[indices[i] ?? -1] = labels[i] ?? UNKNOWN;
  }
}
