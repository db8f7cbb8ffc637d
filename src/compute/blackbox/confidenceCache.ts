import { StudioError } from '../../protocol/errors';
import type { Teacher } from '../victim/classifierBatches';
import type { BlackBox } from './blackBox';

/**
 * What a black box said of the images of a split: each is asked about once, when it is first needed. Float32 [N, K]; NaN where nothing was
 * asked yet.
 */
export class ConfidenceCache implements Teacher {
  readonly values: Float32Array;

  /**
   * @param images how many the split has.
   * @param known what was asked before, as `values` of an earlier cache; it is copied.
   * @throws StudioError `train/checkpoint-mismatch` for what was known of another split or other classes.
   */
  constructor(
    private readonly box: BlackBox,
    images: number,
    known: Float32Array | null = null,
  ) {
    if (known && known.length !== images * box.classes) {
      throw new StudioError(
        'train/checkpoint-mismatch',
        `The checkpoint holds ${known.length} confidences, but ${images} images of ${box.classes} classes are to be asked about.`,
      );
    }
    this.values = known ? known.slice() : new Float32Array(images * box.classes).fill(NaN);
  }

  get classes(): number {
    return this.box.classes;
  }

  /** Images that were asked about. */
  get asked(): number {
    let count = 0;
    for (let i = 0; i < this.values.length; i += this.classes) if (!Number.isNaN(this.values[i])) count++;
    return count;
  }

  /**
   * The confidences of images `indices`, [n, K]; those that are not known are asked about.
   * @param pixels theirs, in the same order: float32 RGB in [0,1], [n, H, W, 3].
   * @throws StudioError as the black box does.
   */
  async confidences(indices: Uint32Array, pixels: Float32Array): Promise<Float32Array> {
    const { classes, values } = this;
    const image = pixels.length / indices.length;
    const unknown = [...indices.keys()].filter((i) => Number.isNaN(values[(indices[i] ?? 0) * classes]));
    if (unknown.length > 0) {
      const questions = new Float32Array(unknown.length * image);
      unknown.forEach((i, at) => questions.set(pixels.subarray(i * image, (i + 1) * image), at * image));
      const answers = await this.box.confidences(questions, unknown.length);
      unknown.forEach((i, at) => {
        values.set(answers.subarray(at * classes, (at + 1) * classes), (indices[i] ?? 0) * classes);
      });
    }
    const wanted = new Float32Array(indices.length * classes);
    indices.forEach((index, at) => {
      wanted.set(values.subarray(index * classes, (index + 1) * classes), at * classes);
    });
    return wanted;
  }
}
