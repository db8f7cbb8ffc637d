import type { tf } from '../tf';

/** A prepared detector of poisoned inputs. */
export interface PreparedDetector {
  readonly label: string;
  /** One score an image ([N]); low means suspicious. `pixels` float32 in [0,1], [N, H, W, 3]; the caller disposes. */
  score(pixels: tf.Tensor4D): tf.Tensor1D;
  dispose(): void;
}

/** A member of the Detector registry. */
export interface Detector {
  readonly kind: string;
  readonly label: string;
  readonly description: string;
}

/** Detectors by kind. Adding one is one file and one line here. */
export const DETECTORS: readonly Detector[] = [];
