import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';
import { concatConv2d } from './concatConv';

const SHAPES = [
  { side: 32, half: 8, outputs: 8 },
  { side: 16, half: 32, outputs: 32 },
] as const;

/** The 3x3 convolution behind a skip connection of the UNet, forward and with its three gradients. */
export function concatConvCases(batch: number): readonly KernelCase[] {
  return SHAPES.flatMap(({ side, half, outputs }) => {
    const x = [batch, side, side, half];
    const y = [batch, side, side, outputs];
    const w = [3, 3, 2 * half, outputs];
    const [nx, ny, nw] = [x, y, w].map((shape) => tf.util.sizeFromShape(shape)) as [number, number, number];
    const shape = `batch ${batch}, ${side}x${side}, ${half} + ${half} to ${outputs}, 3x3`;
    const flops = 2 * ny * 9 * 2 * half;
    const convolve = (...[a, b, filter]: tf.Tensor[]): tf.Tensor =>
      concatConv2d(a as tf.Tensor4D, b as tf.Tensor4D, filter as tf.Tensor4D, 1, 1);
    return [
      {
        kernel: 'concatConv, forward',
        shape,
        flops,
        bytes: floatBytes(2 * nx, nw, ny),
        setUp: onTensors([x, x, w], convolve),
      },
      {
        kernel: 'concatConv, forward and backward',
        shape,
        flops: 3 * flops,
        bytes: floatBytes(3 * 2 * nx, 3 * nw, 3 * ny),
        setUp: onTensors([x, x, w, y], (a, b, filter, dy) =>
          tf.grads(convolve)([a, b, filter] as tf.Tensor[], dy),
        ),
      },
    ];
  });
}
