import type { RefineSettings } from '../../protocol/experiment';
import { tf } from '../tf';
import { binaryCrossEntropy, crossEntropy } from './classificationLoss';
import { fusedLosses, lossesAreFused } from './fusedLosses';
import type { RefineModel } from './refineModel';
import { remappedTargets } from './remap';
import { supconLoss } from './supconLoss';

/** Which losses a step takes. */
export type LossSettings = Pick<
  RefineSettings,
  | 'classificationLoss'
  | 'supconWeight'
  | 'temperature'
  | 'supconViews'
  | 'supconNormalize'
  | 'supconReduction'
>;

/** One evaluation of Eq. 5 with its gradients. */
export interface LossAndGradients {
  /** [total, classification, supcon] as one tensor; the caller disposes. */
  readonly losses: tf.Tensor1D;
  /** By the transform's parameter names, device layout; the caller disposes them. */
  readonly gradients: ReadonlyMap<string, tf.Tensor>;
}

/**
 * L = L_ce + λ·L_sup (Eq. 5) of one batch in train mode, and its gradient in every weight of the transform. Moves the
 * running statistics of the transform's batch-norms.
 *
 * @param pixels float32 RGB in [0,1], [N, H, W, 3]; @param inverse `inverseMap` of the label map, int32 [K].
 * @param labels `model.pseudoLabels(pixels)`, int32 [N]. Everything passed in stays the caller's.
 */
export function refineLossAndGradients(
  model: RefineModel,
  pixels: tf.Tensor4D,
  inverse: tf.Tensor1D,
  settings: LossSettings,
  labels: tf.Tensor1D,
): LossAndGradients {
  const variables = [...model.transform.parameters.values()];
  const { losses, grads } = lossesAreFused()
    ? withKernels(model, pixels, inverse, settings, labels, variables)
    : withPrimitives(model, pixels, inverse, settings, labels, variables);
  const gradients = new Map<string, tf.Tensor>();
  [...model.transform.parameters.keys()].forEach((name, i) => {
    const gradient = grads[i];
    if (gradient) gradients.set(name, gradient);
  });
  return { losses, gradients };
}

/** The losses, and gradients in the order of the variables. */
interface Evaluated {
  readonly losses: tf.Tensor1D;
  readonly grads: readonly (tf.Tensor | null | undefined)[];
}

function withKernels(
  model: RefineModel,
  pixels: tf.Tensor4D,
  inverse: tf.Tensor1D,
  settings: LossSettings,
  labels: tf.Tensor1D,
  variables: tf.Variable[],
): Evaluated {
  const { value, grads } = tf.engine().gradients<tf.Tensor1D>(
    () => {
      const transformed = model.transformed(pixels, 'train');
      const { logits } = model.classify(transformed);
      return fusedLosses(transformed, logits, labels, inverse, settings);
    },
    variables,
    undefined,
    true,
  );
  return { losses: value, grads };
}

function withPrimitives(
  model: RefineModel,
  pixels: tf.Tensor4D,
  inverse: tf.Tensor1D,
  settings: LossSettings,
  labels: tf.Tensor1D,
  variables: tf.Variable[],
): Evaluated {
  const targets = remappedTargets(labels, inverse);
  let parts: tf.Tensor[] = [];
  const { value, grads } = tf.variableGrads(() => {
    const transformed = model.transformed(pixels, 'train');
    const { logits } = model.classify(transformed);
    const loss = settings.classificationLoss === 'bce' ? binaryCrossEntropy : crossEntropy;
    const classification = loss(logits, targets);
    const contrast = supconLoss(transformed, labels, {
      temperature: settings.temperature,
      views: settings.supconViews,
      normalize: settings.supconNormalize,
      reduction: settings.supconReduction,
    });
    parts = [tf.keep(classification.clone()), tf.keep(contrast.clone())];
    return tf.add<tf.Scalar>(classification, tf.mul(contrast, settings.supconWeight));
  }, variables);
  const losses = tf.tidy(() => tf.stack([value, ...parts]) as tf.Tensor1D);
  tf.dispose([value, targets, parts]);
  return { losses, grads: variables.map(({ name }) => grads[name]) };
}
