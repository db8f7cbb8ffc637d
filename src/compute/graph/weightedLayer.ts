import { paddingAlong } from '../../formats/models/graph/shapes';
import { FoldedDepthwise } from '../kernels/depthwise/foldedDepthwise';
import { FoldedConv } from '../kernels/foldedConv/foldedConv';
import type { FoldedLayer } from '../kernels/foldedConv/foldedLayer';
import { deferred, given, materialise, type FrozenValue } from '../nn/frozenGraph';
import { dense } from '../nn/ops/dense';
import { asImages } from '../nn/weightlessOps';
import { tf } from '../tf';
import { padImages } from './imageOps';
import type { WeightedStep } from './plan';

/** A layer with constant weights on the device; `dispose` frees them. */
export interface DeviceLayer {
  apply(x: FrozenValue): FrozenValue;
  dispose(): void;
}

/** Puts a planned layer's weights on the device. */
export function deviceLayer(step: WeightedStep): DeviceLayer {
  return step.kind === 'dense' ? new DenseLayer(step) : new ConvLayer(step);
}

class DenseLayer implements DeviceLayer {
  private readonly kernel: tf.Tensor2D;
  private readonly bias: tf.Tensor1D;

  constructor({ kernel, shape, bias }: WeightedStep) {
    this.kernel = tf.tensor2d(kernel, [shape[0] ?? 0, shape[1] ?? 0]);
    this.bias = tf.tensor1d(bias);
  }

  apply(x: FrozenValue): FrozenValue {
    return given(dense(materialise(x), this.kernel, this.bias, false));
  }

  dispose(): void {
    tf.dispose([this.kernel, this.bias]);
  }
}

/**
 * A convolution: where stride and padding are as our kernels know them (the same in both directions, stride 1 or 2), theirs;
 * with other padding, theirs on a padded image; with other strides or oblong kernels, tfjs's.
 */
class ConvLayer implements DeviceLayer {
  private readonly kernel: tf.Tensor4D;
  private readonly bias: tf.Tensor1D;
  private readonly folded = new Map<number, FoldedLayer>();

  constructor(private readonly step: WeightedStep) {
    const [height = 0, width = 0, ins = 0, outs = 0] = step.shape;
    this.kernel = tf.tensor4d(step.kernel, [height, width, ins, outs]);
    this.bias = tf.tensor1d(step.bias);
  }

  apply(value: FrozenValue): FrozenValue {
    const { step } = this;
    const sides = this.sides(value);
    const [stride] = step.strides;
    // tfjs takes the kernel's height for its width too where the padding is a number.
    const square = this.kernel.shape[0] === this.kernel.shape[1];
    const even = square && stride === step.strides[1] && (stride === 1 || stride === 2);
    if (!even || (step.kind === 'depthwise' && this.kernel.shape[3] !== 1))
      return given(this.stock(value, sides));
    if (sides.every((side) => side === sides[0])) return this.defer(value, stride, sides[0]);
    return this.defer(given(padImages(asImages(materialise(value)), sides, 0)), stride, 0);
  }

  dispose(): void {
    for (const layer of this.folded.values()) layer.dispose();
    tf.dispose([this.kernel, this.bias]);
  }

  /** Padding above, below, left and right. The image is only computed here where its size decides. */
  private sides(value: FrozenValue): readonly [number, number, number, number] {
    const { padding, strides } = this.step;
    const [kernelHeight, kernelWidth] = this.kernel.shape;
    if (padding === 'valid') return [0, 0, 0, 0];
    if (padding !== 'same') return padding;
    const steady = strides[0] === 1 && strides[1] === 1;
    const [, height = 0, width = 0] = steady ? [0, kernelHeight, kernelWidth] : materialise(value).shape;
    const rows = paddingAlong(height, kernelHeight, strides[0], 1, padding);
    const columns = paddingAlong(width, kernelWidth, strides[1], 1, padding);
    return [rows.before, rows.after, columns.before, columns.after];
  }

  private defer(input: FrozenValue, stride: 1 | 2, pad: number): FrozenValue {
    let conv = this.folded.get(pad);
    if (conv === undefined) {
      const Layer = this.step.kind === 'depthwise' ? FoldedDepthwise : FoldedConv;
      conv = new Layer(this.kernel, this.bias, { stride, pad });
      this.folded.set(pad, conv);
    }
    return deferred({ conv, input, residual: null, relu: false });
  }

  private stock(value: FrozenValue, sides: readonly [number, number, number, number]): tf.Tensor {
    const strides: [number, number] = [this.step.strides[0], this.step.strides[1]];
    const x = padImages(asImages(materialise(value)), sides, 0);
    const convolved =
      this.step.kind === 'depthwise'
        ? tf.depthwiseConv2d(x, this.kernel, strides, 'valid')
        : tf.conv2d(x, this.kernel, strides, 'valid');
    return tf.add(convolved, this.bias);
  }
}
