import { floatBytes, onTensors, type KernelCase } from '../../bench/kernelCase';
import { tf } from '../../tf';

const SHAPES = [
  { side: 32, channels: 96, stride: 1 },
  { side: 16, channels: 144, stride: 2 },
  { side: 4, channels: 576, stride: 1 },
] as const;

/** 3x3 depthwise convolutions of MobileNetV2, and both gradients. */
export function depthwiseCases(batch: number): readonly KernelCase[] {
  return SHAPES.flatMap(({ side, channels, stride }) => {
    const out = Math.floor((side - 1) / stride) + 1;
    const x: [number, number, number, number] = [batch, side, side, channels];
    const y: [number, number, number, number] = [batch, out, out, channels];
    const w: [number, number, number, number] = [3, 3, channels, 1];
    const sizes = [x, y, w].map((shape) => tf.util.sizeFromShape(shape));
    const common = {
      shape: `batch ${batch}, ${side}x${side}, ${channels} channels, 3x3${stride === 2 ? ', stride 2' : ''}`,
      flops: 2 * 9 * tf.util.sizeFromShape(y),
      bytes: floatBytes(...sizes),
    };
    const attributes: tf.NamedAttrMap = { strides: [stride, stride], pad: 1, dilations: [1, 1] };
    const named = (name: string, operands: tf.NamedTensorMap, attrs: tf.NamedAttrMap): tf.Tensor =>
      tf.engine().runKernel<tf.Tensor>(name, operands, { ...attributes, ...attrs });
    return [
      {
        ...common,
        kernel: 'depthwise, forward',
        setUp: onTensors([x, w], (input, filter) =>
          tf.depthwiseConv2d(input as tf.Tensor4D, filter as tf.Tensor4D, stride, 1),
        ),
      },
      {
        ...common,
        kernel: 'depthwise, input gradient',
        setUp: onTensors([y, w], (dy, filter) =>
          named('DepthwiseConv2dNativeBackpropInput', { dy, filter }, { inputShape: x }),
        ),
      },
      {
        ...common,
        kernel: 'depthwise, filter gradient',
        setUp: onTensors([x, y], (input, dy) =>
          named('DepthwiseConv2dNativeBackpropFilter', { x: input, dy }, { filterShape: w }),
        ),
      },
    ];
  });
}
