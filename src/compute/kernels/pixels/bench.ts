import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { clampToUnit, normalizeChannels } from './pixels';

/** The images' own operations: normalisation by channel, and the clamp with its gradient. */
export function pixelCases(batch: number): readonly KernelCase[] {
  const images = [batch, 32, 32, 3];
  const size = tf.util.sizeFromShape(images);
  const shape = `batch ${batch}, 32x32, 3 channels`;
  return [
    {
      kernel: 'pixels, normalise',
      shape,
      flops: 0,
      bytes: floatBytes(2 * size),
      setUp: onTensors([images, [3], [3]], (x, mean, std) =>
        normalizeChannels(x as tf.Tensor4D, mean as tf.Tensor1D, std as tf.Tensor1D),
      ),
    },
    {
      kernel: 'pixels, clamp and gradient',
      shape,
      flops: 0,
      bytes: floatBytes(5 * size),
      setUp: onTensors([images, images], (x, dy) =>
        tf.grad((input) => clampToUnit(input as tf.Tensor4D))(x, dy),
      ),
    },
  ];
}
