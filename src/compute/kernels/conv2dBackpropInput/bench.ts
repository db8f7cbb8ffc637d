import { convShapes } from '../../bench/convShapes';
import { onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

/** The gradient of a convolution in its input. */
export function conv2dBackpropInputCases(batch: number): readonly KernelCase[] {
  return convShapes(batch).map(({ x, w, y, stride, pad, flops, bytes, text }) => ({
    kernel: 'conv2dBackpropInput',
    shape: text,
    flops,
    bytes,
    setUp: onTensors([y, w], (dy, filter) =>
      tf
        .engine()
        .runKernel<tf.Tensor>(
          'Conv2DBackpropInput',
          { dy: dy, filter: filter },
          { strides: [stride, stride], pad, dataFormat: 'NHWC', inputShape: x },
        ),
    ),
  }));
}
