import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { poolGeometry } from './geometry';
import { maxPool2d } from './maxPool';

const SHAPES = [
  [32, 16, { size: 2, stride: 2, pad: 0 }],
  [32, 64, { size: 2, stride: 2, pad: 0 }],
  [16, 64, { size: 2, stride: 2, pad: 0 }],
  [32, 64, { size: 3, stride: 2, pad: 1 }],
] as const;

/** Max-pooling, forward and with its gradient. */
export function maxPoolCases(batch: number): readonly KernelCase[] {
  return SHAPES.flatMap(([side, channels, window]) => {
    const { size, stride, pad } = window;
    const x = [batch, side, side, channels];
    const geometry = poolGeometry(x, window);
    const y = [batch, geometry?.outHeight ?? 0, geometry?.outWidth ?? 0, channels];
    const [nx, ny] = [tf.util.sizeFromShape(x), tf.util.sizeFromShape(y)];
    const shape = `batch ${batch}, ${side}x${side}, ${channels} channels, ${size}x${size}, stride ${stride}`;
    const pool = (input: tf.Tensor): tf.Tensor => maxPool2d(input as tf.Tensor4D, size, stride, pad);
    return [
      {
        kernel: 'maxPool, forward',
        shape,
        flops: 0,
        bytes: floatBytes(nx, ny),
        setUp: onTensors([x], (input) => pool(input)),
      },
      {
        kernel: 'maxPool, forward and backward',
        shape,
        flops: 0,
        bytes: floatBytes(2 * nx, 2 * ny),
        setUp: onTensors([x, y], (input, dy) => tf.grad(pool)(input, dy)),
      },
    ];
  });
}
