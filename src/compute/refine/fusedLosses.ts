import { lossCount } from '../kernels/classificationLoss/kernel';
import { CLASSIFICATION, LOSSES } from '../kernels/classificationLoss/names';
import { runClassification } from '../kernels/classificationLoss/own';
import { hostOf } from '../kernels/registry';
import { SUPCON, SUPCON_GRADIENT } from '../kernels/supcon/names';
import { runSupcon, runSupconGradient } from '../kernels/supcon/own';
import { tf } from '../tf';
import type { LossSettings } from './refineLoss';

/** Whether the loss kernels are all there and on. */
export function lossesAreFused(): boolean {
  return [CLASSIFICATION, LOSSES, SUPCON, SUPCON_GRADIENT].every((name) => hostOf(name) !== null);
}

/**
 * [total, classification, supcon] of Eq. 5 by our kernels, seven dispatches with both gradients and no scalar uploaded. Its
 * gradient is that of the total alone, whatever gradient comes in: the vector is what a step differentiates, not a part of
 * something larger.
 *
 * @param transformed the transform's images [N, H, W, 3]; @param logits the victim's on them, [N, K]; @param labels
 * pseudo-labels, int32 [N]; @param inverse `inverseMap` of the label map, int32 [K]. The caller disposes the result.
 */
export function fusedLosses(
  transformed: tf.Tensor,
  logits: tf.Tensor,
  labels: tf.Tensor1D,
  inverse: tf.Tensor1D,
  settings: LossSettings,
): tf.Tensor1D {
  const count = labels.size;
  const { temperature, supconViews, supconNormalize, supconReduction, supconWeight } = settings;
  const anchorScale = supconReduction === 'mean' ? 1 / count : supconViews;
  const kind = settings.classificationLoss;
  const operation = tf.customGrad<tf.Tensor1D>((...args) => {
    const [images, scores, save] = args as unknown as [tf.Tensor, tf.Tensor, tf.GradSaveFunc];
    const [likelihoods, dLogits] = runClassification(scores, labels, inverse, kind);
    const [anchors, weights] = runSupcon(images, labels, {
      temperature,
      views: supconViews,
      normalize: supconNormalize,
      scale: anchorScale * supconWeight,
    });
    save([images, weights, dLogits]);
    const value = tf.engine().runKernel<tf.Tensor1D>(
      LOSSES,
      { likelihoods, anchors },
      {
        likelihoodScale: -1 / lossCount(kind, count, inverse.size),
        anchorScale,
        weight: supconWeight,
      },
    );
    const gradFunc = (_: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => {
      const [x, pull, slope] = saved as [tf.Tensor, tf.Tensor, tf.Tensor];
      return [runSupconGradient(pull, x), slope.clone()];
    };
    return { value, gradFunc };
  });
  return operation(transformed, logits);
}
