import { convShapes } from '../../bench/convShapes';
import { onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

/** y = conv(x, w). */
export function conv2dCases(batch: number): readonly KernelCase[] {
  return convShapes(batch).map(({ x, w, stride, pad, flops, bytes, text }) => ({
    kernel: 'conv2d',
    shape: text,
    flops,
    bytes,
    setUp: onTensors([x, w], (input, filter) =>
      tf.conv2d(input as tf.Tensor4D, filter as tf.Tensor4D, stride, pad),
    ),
  }));
}
