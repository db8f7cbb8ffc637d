import type { TrainableNetwork } from '../nn/types';
import { tf } from '../tf';
import type { ClassifierBatch } from '../victim/classifierBatches';
import type { ClassifierGradients } from '../victim/classifierLoss';

/**
 * The mean squared difference of confidences over images and classes, which is the loss of Appendix E (as PyTorch's `MSELoss`), and its
 * gradients in the surrogate's weights; train mode, so the running statistics move. `batch.targets` are the black box's confidences.
 */
export function distillationGradients(
  network: TrainableNetwork,
  batch: ClassifierBatch,
  { height, width }: { readonly height: number; readonly width: number },
): ClassifierGradients {
  const count = batch.labels.length;
  const pixels = tf.tensor4d(batch.pixels, [count, height, width, 3]);
  const targets = tf.tensor2d(batch.targets, [count, batch.targets.length / count]);
  try {
    const { value, grads } = tf.variableGrads(() => {
      const confidences = tf.softmax(network.forward(pixels, 'train').output as tf.Tensor2D);
      return tf.mean<tf.Scalar>(tf.squaredDifference(confidences, targets));
    }, [...network.parameters.values()]);
    const victim = new Map<string, tf.Tensor>();
    for (const [name, variable] of network.parameters) {
      const gradient = grads[variable.name];
      if (gradient) victim.set(name, gradient);
    }
    return { loss: value, victim, transform: null };
  } finally {
    tf.dispose([pixels, targets]);
  }
}
