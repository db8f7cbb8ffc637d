import type { RefineSettings } from '../../protocol/experiment';
import { clampToUnit } from '../kernels/pixels/pixels';
import type { TrainableNetwork } from '../nn/types';
import { tf } from '../tf';
import type { Victim, VictimOutput } from '../victim/victim';

/** The settings that decide how images flow through transform and victim. */
export type PipelineSettings = Pick<RefineSettings, 'transformInput' | 'victimInput'>;

/**
 * The pipeline of both recipes (METHODS 1.2; Eq. 2-4). The transform lives in the victim's world: it sees channels in the
 * victim's order, and under `transformInput: normalized` also the victim's normalisation; what it gives is clamped to
 * [0,1] and goes to the victim as it is (`victimInput: raw`) or normalised.
 */
export class RefineModel {
  constructor(
    readonly transform: TrainableNetwork,
    readonly victim: Victim,
    private readonly settings: PipelineSettings,
  ) {}

  /**
   * T(x), clamped: in [0,1], in the victim's channel order, [N, H, W, 3]. Differentiable in the transform's weights; the
   * clamp passes gradients at 0 and 1 themselves, as PyTorch's does.
   * @param pixels float32 RGB in [0,1], [N, H, W, 3].
   */
  transformed(pixels: tf.Tensor4D, mode: 'train' | 'eval'): tf.Tensor4D {
    return tf.tidy(() => {
      const ordered = this.victim.toModelPixels(pixels);
      const seen = this.settings.transformInput === 'normalized' ? this.victim.normalize(ordered) : ordered;
      return clampToUnit(this.transform.forward(seen, mode).output as tf.Tensor4D);
    });
  }

  /** The victim on transformed images (of `transformed`). The caller disposes both results. */
  classify(transformed: tf.Tensor4D): VictimOutput {
    const [logits, features] = tf.tidy((): [tf.Tensor2D, tf.Tensor2D] => {
      const shown = this.settings.victimInput === 'raw' ? transformed : this.victim.normalize(transformed);
      const output = this.victim.forwardRaw(shown);
      return [output.logits, output.features];
    });
    return { logits, features };
  }

  /** Pseudo-labels (Eq. 6): what the victim says of the images as they are, int32 [N], detached. */
  pseudoLabels(pixels: tf.Tensor4D): tf.Tensor1D {
    return tf.tidy(() => tf.argMax(this.victim.forwardPixels(pixels).logits, 1));
  }
}
