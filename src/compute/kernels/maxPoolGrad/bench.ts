import { floatBytes, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

const SHAPES = [
  [32, 16],
  [32, 64],
  [16, 64],
] as const;

/** The gradient of 2x2 max-pooling. */
export function maxPoolGradCases(batch: number): readonly KernelCase[] {
  return SHAPES.map(([side, channels]) => {
    const x: [number, number, number, number] = [batch, side, side, channels];
    const size = tf.util.sizeFromShape(x);
    return {
      kernel: 'maxPoolGrad',
      shape: `batch ${batch}, ${side}x${side}, ${channels} channels`,
      flops: 0,
      bytes: floatBytes(2 * size, size / 4),
      setUp: () => {
        const input = tf.keep(tf.randomUniform<tf.Rank.R4>(x, -1, 1));
        const output = tf.keep(tf.maxPool(input, 2, 2, 'valid'));
        const dy = tf.keep(tf.randomUniform(output.shape, -1, 1));
        return {
          run: () =>
            tf
              .engine()
              .runKernel<tf.Tensor>(
                'MaxPoolGrad',
                { dy, input, output },
                { filterSize: 2, strides: 2, pad: 'valid' },
              ),
          dispose: () => tf.dispose([input, output, dy]),
        };
      },
    };
  });
}
