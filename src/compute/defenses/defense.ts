import type { tf } from '../tf';

/**
 * A prepared defence: what stands between an image and a label.
 */
export interface PreparedDefense {
  /** One line for the page: "REFINE, official recipe, UNet 8". */
  readonly label: string;
  /**
   * Images the classifier is shown in place of `pixels`. float32 in [0,1], [N, H, W, 3]; the caller disposes the
   * result and keeps `pixels`.
   */
  purify(pixels: tf.Tensor4D): tf.Tensor4D;
  /** Class probabilities in the person's labels, [N, K]; the caller disposes. */
  predict(pixels: tf.Tensor4D): tf.Tensor2D;
  /** Penultimate features of the classifier behind the defence, [N, F]; the caller disposes. */
  features(pixels: tf.Tensor4D): tf.Tensor2D;
  dispose(): void;
}

/** A member of the Defense registry: how a defence is prepared (trained, here) and put in front of the classifier. */
export interface Defense<Context, Trainer> {
  readonly kind: string;
  readonly label: string;
  readonly description: string;
  /** Sets the preparation up; nothing is computed yet. The caller disposes the trainer. Throws what the trainer's constructor throws. */
  prepare(context: Context): Trainer;
  /** The defence as it stands after however many steps; valid while `trainer` lives. */
  defend(trainer: Trainer): PreparedDefense;
}
