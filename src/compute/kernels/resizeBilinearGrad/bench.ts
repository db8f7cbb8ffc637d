import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

const SHAPES = [
  [16, 16],
  [16, 64],
  [4, 256],
] as const;

/** The gradient of doubling an image with aligned corners. */
export function resizeBilinearGradCases(batch: number): readonly KernelCase[] {
  return SHAPES.map(([side, channels]) => {
    const small = [batch, side, side, channels];
    const large = [batch, 2 * side, 2 * side, channels];
    return {
      kernel: 'resizeBilinearGrad',
      shape: `batch ${batch}, ${2 * side}x${2 * side} to ${side}x${side}, ${channels} channels`,
      flops: 0,
      bytes: floatBytes(tf.util.sizeFromShape(small), tf.util.sizeFromShape(large)),
      setUp: onTensors([small, large], (images, dy) =>
        tf
          .engine()
          .runKernel<tf.Tensor>('ResizeBilinearGrad', { images: images, dy: dy }, { alignCorners: true }),
      ),
    };
  });
}
