/**
 * A data set as compute sees it: uint8 NHWC images read when asked for, labels where they are known.
 * Nothing here decodes or holds more than it was asked to; who reads decides how many images are alive.
 */
export interface ImageDataset {
  readonly name: string;
  /** The id of the `DatasetFormat` that opened it, or `drawn`. */
  readonly format: string;
  /** Class names in label order; empty where the images carry no labels. */
  readonly classNames: readonly string[];
  readonly height: number;
  readonly width: number;
  readonly train: ImageSplit;
  /** Null where the source has no test part: then nothing is evaluated. */
  readonly test: ImageSplit | null;
  /** Sentences for the data card: what was done to the images beyond reading them. */
  readonly notes?: readonly string[];
}

/** One part of a data set. */
export interface ImageSplit {
  readonly count: number;
  /** Label of image i, or null for an unlabelled source. */
  readonly labels: Int32Array | null;
  /** True where the decoded pixels are already in memory, so that caching them would hold them twice. */
  readonly resident?: boolean;
  /** True where reading costs no decoding: the pixels lie in the file as they are. */
  readonly raw?: boolean;
  /** Hash of everything that the decoded pixels depend on, for keeping them; absent where they need no decoding. */
  contentKey?(): Promise<string>;
  /**
   * Copies the images at `indices` (each in [0, count)) into a new array, uint8 RGB, [indices.length, H, W, 3].
   * @throws StudioError naming the file that could not be read: `dataset/decode-failed`, `file/truncated`,
   *   `dataset/mixed-sizes` and the other codes of `decodeImage`.
   */
  read(indices: ArrayLike<number>): Promise<Uint8Array>;
}
