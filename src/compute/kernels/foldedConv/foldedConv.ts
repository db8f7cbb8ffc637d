import { tf } from '../../tf';
import { convGeometry, type ConvAttrs } from '../conv2d/geometry';
import { hostOf } from '../registry';
import { FOLDED_CONV, FOLDED_CONV_GRADIENT, TURN_WEIGHTS } from './names';

type Shape = [number, number, number, number];

/**
 * A convolution with constant weights, batch-norm folded in. Nothing here is differentiable by tfjs: whoever composes
 * such layers takes their gradients with `inputGradient`. Runs our kernels where they are installed and cover the
 * shape, tfjs's otherwise; results belong to the caller's tidy.
 */
export class FoldedConv {
  private turned: tf.Tensor | null = null;

  /**
   * @param filter HWIO; @param bias [filters]; both stay the caller's. @param window `pad` is symmetric.
   */
  constructor(
    private readonly filter: tf.Tensor4D,
    private readonly bias: tf.Tensor1D,
    private readonly window: { readonly stride: 1 | 2; readonly pad: number },
  ) {}

  /** relu?(conv(x) + bias + residual?), NHWC. */
  forward(x: tf.Tensor4D, residual: tf.Tensor4D | null, relu: boolean): tf.Tensor4D {
    const { filter, bias } = this;
    const engine = tf.engine();
    if (hostOf(FOLDED_CONV) && this.covers(x.shape)) {
      const inputs = residual ? { x, filter, bias, addend: residual } : { x, filter, bias };
      return engine.runKernel(FOLDED_CONV, inputs, { ...this.attributes(), relu });
    }
    const alone = relu && residual === null;
    const convolved: tf.Tensor4D = engine.runKernel(
      'FusedConv2D',
      { x, filter, bias },
      { ...this.attributes(), activation: alone ? 'relu' : 'linear', leakyreluAlpha: 0 },
    );
    const sum = residual ? tf.add<tf.Tensor4D>(convolved, residual) : convolved;
    return relu && !alone ? tf.relu(sum) : sum;
  }

  /**
   * The gradient in the input, [N,H,W,Ci] = `inputShape`, plus `addend`, zero where `mask` is not above zero: the
   * input's other gradients and the ReLU it came from cost no pass of their own.
   */
  inputGradient(
    dy: tf.Tensor4D,
    inputShape: Shape,
    addend: tf.Tensor4D | null,
    mask: tf.Tensor4D | null,
  ): tf.Tensor4D {
    const { filter, window } = this;
    if (hostOf(FOLDED_CONV_GRADIENT) && hostOf(TURN_WEIGHTS) && this.covers(inputShape)) {
      const inputs = { dy, turned: this.turnedWeights() };
      return tf
        .engine()
        .runKernel(
          FOLDED_CONV_GRADIENT,
          { ...inputs, ...(addend ? { addend } : {}), ...(mask ? { mask } : {}) },
          { ...this.attributes(), inputShape, filterShape: filter.shape },
        );
    }
    const dx = tf.conv2dTranspose(dy, filter, inputShape, window.stride, window.pad);
    const sum = addend ? tf.add<tf.Tensor4D>(dx, addend) : dx;
    return mask ? tf.mul(sum, tf.step(mask)) : sum;
  }

  /** Disposes what was made of the weights, not the weights. */
  dispose(): void {
    this.turned?.dispose();
    this.turned = null;
  }

  private turnedWeights(): tf.Tensor {
    const { filter, window } = this;
    this.turned ??= tf.keep(tf.engine().runKernel(TURN_WEIGHTS, { filter }, { stride: window.stride }));
    return this.turned;
  }

  private covers(inputShape: Shape): boolean {
    return convGeometry(inputShape, this.filter.shape, this.attributes()) !== null;
  }

  private attributes(): ConvAttrs & tf.NamedAttrMap {
    const { stride, pad } = this.window;
    return { strides: [stride, stride], pad, dataFormat: 'NHWC', dilations: [1, 1] };
  }
}
