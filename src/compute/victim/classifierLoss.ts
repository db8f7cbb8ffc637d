import type { AdaptiveSettings } from '../../protocol/training';
import { recipeDefaults, type NormalizationSettings } from '../../protocol/experiment';
import { clampToUnit, normalizeChannels } from '../kernels/pixels/pixels';
import type { TrainableNetwork } from '../nn/types';
import { classesAsTheyAre, labelCrossEntropy } from '../refine/labelCrossEntropy';
import { supconLoss } from '../refine/supconLoss';
import { tf } from '../tf';
import type { ClassifierBatch } from './classifierBatches';

/** A loss with its gradients; the caller disposes all of them. */
export interface ClassifierGradients {
  readonly loss: tf.Scalar;
  /** By the victim's parameter names. */
  readonly victim: ReadonlyMap<string, tf.Tensor>;
  /** By the transform's, or null without one. */
  readonly transform: ReadonlyMap<string, tf.Tensor> | null;
}

/** What the adaptive attacker (Eq. 10) simulates REFINE with. */
export interface AttackersRefine {
  /** Its own UNet; trained along with the victim. */
  readonly transform: TrainableNetwork;
  /** `inverseMap` of its own label map, int32 [K]. */
  readonly inverse: tf.Tensor1D;
  readonly settings: AdaptiveSettings;
  readonly normalization: NormalizationSettings;
}

/** Eq. 5 as the paper's recipe has it. */
const REFINE = recipeDefaults('paper', 0);

/** Cross-entropy of one batch in train mode and its gradients (METHODS 2.1). Moves the running statistics. */
export function classifierGradients(
  network: TrainableNetwork,
  batch: ClassifierBatch,
  size: { readonly height: number; readonly width: number },
): ClassifierGradients {
  return withBatch(batch, size, (pixels, lossOf) => {
    const { value, grads } = tf.variableGrads(
      () => lossOf(network.forward(pixels, 'train').output as tf.Tensor2D),
      [...network.parameters.values()],
    );
    return { loss: value, victim: named(network, grads), transform: null };
  });
}

/**
 * L_b + γ L_refine (Eq. 10) and its gradients in the victim's weights and in those of the attacker's transform. L_b is the
 * training loss of the backdoored model in train mode; L_refine (Eq. 5, pseudo-labels by the victim as it stands) sees the victim in eval
 * mode, as the defender will, on the batch's own images.
 */
export function adaptiveGradients(
  network: TrainableNetwork,
  attacker: AttackersRefine,
  batch: ClassifierBatch,
  size: { readonly height: number; readonly width: number },
): ClassifierGradients {
  const { transform, inverse, settings, normalization } = attacker;
  return withBatch(batch, size, (pixels, lossOf) => {
    const { value, grads } = tf.variableGrads(() => {
      const mean = tf.tensor1d([...normalization.mean]);
      const std = tf.tensor1d([...normalization.std]);
      const attack = lossOf(network.forward(pixels, 'train').output as tf.Tensor2D);
      const labels = tf.argMax<tf.Tensor1D>(network.forward(pixels, 'eval').output, 1);
      const inUnit = tf.add<tf.Tensor4D>(tf.mul(pixels, std), mean);
      const transformed = clampToUnit(transform.forward(inUnit, 'train').output as tf.Tensor4D);
      const seen = normalizeChannels(transformed, mean, std);
      const logits = network.forward(seen, 'eval').output as tf.Tensor2D;
      const classification = labelCrossEntropy(logits, labels, inverse);
      const contrast = supconLoss(transformed, labels, {
        temperature: REFINE.temperature,
        views: REFINE.supconViews,
        normalize: REFINE.supconNormalize,
        reduction: REFINE.supconReduction,
      });
      const refine = tf.add<tf.Scalar>(classification, tf.mul(contrast, REFINE.supconWeight));
      return tf.add<tf.Scalar>(attack, tf.mul(refine, settings.gamma));
    }, [...network.parameters.values(), ...transform.parameters.values()]);
    return { loss: value, victim: named(network, grads), transform: named(transform, grads) };
  });
}

/** The mean cross-entropy of a batch's logits [N, K]. */
type BatchLoss = (logits: tf.Tensor2D) => tf.Scalar;

function withBatch(
  batch: ClassifierBatch,
  { height, width }: { readonly height: number; readonly width: number },
  compute: (pixels: tf.Tensor4D, lossOf: BatchLoss) => ClassifierGradients,
): ClassifierGradients {
  const count = batch.labels.length;
  const pixels = tf.tensor4d(batch.pixels, [count, height, width, 3]);
  const labels = tf.tensor1d(batch.labels, 'int32');
  const inverse = classesAsTheyAre(batch.targets.length / count);
  try {
    return compute(pixels, (logits) => labelCrossEntropy(logits, labels, inverse));
  } finally {
    tf.dispose([pixels, labels, inverse]);
  }
}

function named(network: TrainableNetwork, grads: tf.NamedTensorMap): ReadonlyMap<string, tf.Tensor> {
  const gradients = new Map<string, tf.Tensor>();
  for (const [name, variable] of network.parameters) {
    const gradient = grads[variable.name];
    if (gradient) gradients.set(name, gradient);
  }
  return gradients;
}
