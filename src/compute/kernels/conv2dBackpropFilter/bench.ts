import { convShapes } from '../../bench/convShapes';
import { onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

/** The gradient of a convolution in its weights. */
export function conv2dBackpropFilterCases(batch: number): readonly KernelCase[] {
  return convShapes(batch).map(({ x, w, y, stride, pad, flops, bytes, text }) => ({
    kernel: 'conv2dBackpropFilter',
    shape: text,
    flops,
    bytes,
    setUp: onTensors([x, y], (input, dy) =>
      tf
        .engine()
        .runKernel<tf.Tensor>(
          'Conv2DBackpropFilter',
          { x: input, dy: dy },
          { strides: [stride, stride], pad, dataFormat: 'NHWC', filterShape: w },
        ),
    ),
  }));
}
