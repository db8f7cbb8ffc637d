import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { supconLoss } from '../../refine/supconLoss';
import { tf } from '../../tf';
import { hostOf } from '../registry';
import { SUPCON, SUPCON_GRADIENT } from './names';
import { runSupcon, runSupconGradient } from './own';

const LENGTH = 32 * 32 * 3;
/** Fewer images have no pairs to compare. */
const LEAST = 8;

/** The gradient of the supervised contrastive loss of a batch of images of four classes, two views, in both recipes' forms. */
export function supconCases(batch: number): readonly KernelCase[] {
  const count = Math.max(batch, LEAST);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 4);
  const size = count * LENGTH;
  return [true, false].map((normalize) => ({
    kernel: 'supcon, gradient',
    shape: `batch ${count}, 32x32, 3 channels, ${normalize ? 'normalised' : 'as they are'}`,
    // The Gram matrix, and its weights times the images.
    flops: 4 * count * size,
    bytes: floatBytes(3 * size, 4 * count * count),
    setUp: onTensors([[count, LENGTH]], (x) => {
      const classes = tf.tensor1d(labels, 'int32');
      const images = x;
      const temperature = normalize ? 0.1 : 100;
      if (!hostOf(SUPCON) || !hostOf(SUPCON_GRADIENT)) {
        const options = { temperature, views: 2, normalize, reduction: 'mean' } as const;
        return tf.grad((of) => supconLoss(of, classes, options))(images);
      }
      const scales = { temperature, views: 2, normalize, scale: 1 / count } as const;
      const [, weights] = runSupcon(images, classes, scales);
      return runSupconGradient(weights, images);
    }),
  }));
}
