import { tf } from '../../tf';
import type { Rectifier } from '../conv2d/epilogue';
import { rectify, throughGate, type FoldedLayer, type Gate } from '../foldedConv/foldedLayer';
import { hostOf } from '../registry';
import { depthwiseGeometry } from './geometry';
import { FOLDED_DEPTHWISE, FOLDED_DEPTHWISE_GRADIENT } from './names';

type Shape = [number, number, number, number];

/** A depthwise convolution of a frozen network. Runs our kernels where they are installed and cover the shape, tfjs's otherwise. */
export class FoldedDepthwise implements FoldedLayer {
  /** @param filter [k,k,C,1]; @param bias [C]; both stay the caller's. @param window `pad` is symmetric. */
  constructor(
    private readonly filter: tf.Tensor4D,
    private readonly bias: tf.Tensor1D,
    private readonly window: { readonly stride: 1 | 2; readonly pad: number },
  ) {}

  forward(x: tf.Tensor4D, residual: tf.Tensor4D | null, relu: Rectifier): tf.Tensor4D {
    const { filter, bias, window } = this;
    if (hostOf(FOLDED_DEPTHWISE) && this.covers(x.shape)) {
      const inputs = residual ? { x, filter, bias, addend: residual } : { x, filter, bias };
      return tf.engine().runKernel(FOLDED_DEPTHWISE, inputs, { ...this.attributes(), relu });
    }
    const convolved = tf.depthwiseConv2d(x, filter, window.stride, window.pad, 'NHWC', 1, 'floor');
    const sum = tf.add<tf.Tensor4D>(convolved, bias);
    return rectify(residual ? tf.add(sum, residual) : sum, relu);
  }

  inputGradient(
    dy: tf.Tensor4D,
    inputShape: Shape,
    addend: tf.Tensor4D | null,
    gate: Gate | null,
  ): tf.Tensor4D {
    const { filter } = this;
    const attributes = { ...this.attributes(), inputShape };
    if (hostOf(FOLDED_DEPTHWISE_GRADIENT) && this.covers(inputShape)) {
      const inputs = { dy, filter, ...(addend ? { addend } : {}), ...(gate ? { mask: gate.output } : {}) };
      const attrs = { ...attributes, maskSix: gate?.six === true };
      return tf.engine().runKernel(FOLDED_DEPTHWISE_GRADIENT, inputs, attrs);
    }
    const dx: tf.Tensor4D = tf
      .engine()
      .runKernel('DepthwiseConv2dNativeBackpropInput', { dy, filter }, attributes);
    return throughGate(addend ? tf.add(dx, addend) : dx, gate);
  }

  dispose(): void {
    // The weights are read as they are.
  }

  private covers(inputShape: Shape): boolean {
    return depthwiseGeometry(inputShape, this.filter.shape, this.attributes()) !== null;
  }

  private attributes(): {
    strides: [number, number];
    pad: number;
    dilations: [number, number];
    dimRoundingMode: 'floor';
  } {
    const { stride, pad } = this.window;
    return { strides: [stride, stride], pad, dilations: [1, 1], dimRoundingMode: 'floor' };
  }
}
