import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { binaryCrossEntropy, crossEntropy } from '../../refine/classificationLoss';
import { remappedTargets } from '../../refine/remap';
import { tf } from '../../tf';
import { hostOf } from '../registry';
import { CLASSIFICATION } from './names';
import { runClassification } from './own';

/** Softmax, label map and either classification loss of a batch: the gradient in the logits. */
export function classificationLossCases(batch: number): readonly KernelCase[] {
  return [10, 1000].flatMap((classes) =>
    (['bce', 'ce'] as const).map((kind) => {
      const labels = Int32Array.from({ length: batch }, (_, i) => (7 * i) % classes);
      const map = Int32Array.from({ length: classes }, (_, i) => (i + 1) % classes);
      const loss = kind === 'bce' ? binaryCrossEntropy : crossEntropy;
      return {
        kernel: `classificationLoss, ${kind}, gradient`,
        shape: `batch ${batch}, ${classes} classes`,
        flops: 0,
        bytes: floatBytes(2 * batch * classes),
        setUp: onTensors([[batch, classes]], (x) => {
          const logits = x as tf.Tensor2D;
          const [own, inverse] = [tf.tensor1d(labels, 'int32'), tf.tensor1d(map, 'int32')];
          if (hostOf(CLASSIFICATION)) return runClassification(logits, own, inverse, kind)[1];
          const targets = remappedTargets(own, inverse);
          return tf.grad((of) => loss(of as tf.Tensor2D, targets))(logits);
        }),
      };
    }),
  );
}
