import { tf } from '../tf';
import type { RefineModel } from '../refine/refineModel';
import { remapProbabilities } from '../refine/remap';
import type { PreparedDefense } from './defense';

/**
 * A trained (or training) REFINE as a defence: the transform with running statistics, the victim, the label map (Eq. 9).
 * `dispose` leaves the model to its owner.
 */
export function refineDefense(
  model: RefineModel,
  labelMap: readonly number[],
  label: string,
): PreparedDefense {
  return {
    label,
    purify: (pixels) => tf.tidy(() => toRgb(model, model.transformed(pixels, 'eval'))),
    predict: (pixels) =>
      tf.tidy(() => {
        const { logits } = model.classify(model.transformed(pixels, 'eval'));
        return remapProbabilities(tf.softmax(logits), labelMap);
      }),
    features: (pixels) => tf.tidy(() => model.classify(model.transformed(pixels, 'eval')).features),
    dispose: () => undefined,
  };
}

/** Images in the victim's channel order as RGB; swapping the outer channels is its own inverse. */
function toRgb(model: RefineModel, images: tf.Tensor4D): tf.Tensor4D {
  return model.victim.toModelPixels(images);
}
