import { tf } from '../../tf';
import type { Rectifier } from '../conv2d/epilogue';
import { convGeometry, type ConvAttrs } from '../conv2d/geometry';
import { hostOf } from '../registry';
import { rectify, throughGate, type FoldedLayer, type Gate } from './foldedLayer';
import { FOLDED_CONV, FOLDED_CONV_GRADIENT, TURN_WEIGHTS } from './names';

type Shape = [number, number, number, number];

/** A convolution of a frozen network. Runs our kernels where they are installed and cover the shape, tfjs's otherwise. */
export class FoldedConv implements FoldedLayer {
  private turned: tf.Tensor | null = null;

  /**
   * @param filter HWIO; @param bias [filters]; both stay the caller's. @param window `pad` is symmetric.
   */
  constructor(
    private readonly filter: tf.Tensor4D,
    private readonly bias: tf.Tensor1D,
    private readonly window: { readonly stride: 1 | 2; readonly pad: number },
  ) {}

  forward(x: tf.Tensor4D, residual: tf.Tensor4D | null, relu: Rectifier): tf.Tensor4D {
    const { filter, bias } = this;
    const engine = tf.engine();
    if (hostOf(FOLDED_CONV) && this.covers(x.shape)) {
      const inputs = residual ? { x, filter, bias, addend: residual } : { x, filter, bias };
      return engine.runKernel(FOLDED_CONV, inputs, { ...this.attributes(), relu });
    }
    const alone = relu !== false && residual === null;
    const convolved: tf.Tensor4D = engine.runKernel(
      'FusedConv2D',
      { x, filter, bias },
      {
        ...this.attributes(),
        activation: alone ? (relu === 6 ? 'relu6' : 'relu') : 'linear',
        leakyreluAlpha: 0,
      },
    );
    const sum = residual ? tf.add<tf.Tensor4D>(convolved, residual) : convolved;
    return alone ? sum : rectify(sum, relu);
  }

  inputGradient(
    dy: tf.Tensor4D,
    inputShape: Shape,
    addend: tf.Tensor4D | null,
    gate: Gate | null,
  ): tf.Tensor4D {
    const { filter, window } = this;
    if (hostOf(FOLDED_CONV_GRADIENT) && hostOf(TURN_WEIGHTS) && this.covers(inputShape)) {
      const inputs = { dy, turned: this.turnedWeights() };
      return tf
        .engine()
        .runKernel(
          FOLDED_CONV_GRADIENT,
          { ...inputs, ...(addend ? { addend } : {}), ...(gate ? { mask: gate.output } : {}) },
          { ...this.attributes(), inputShape, filterShape: filter.shape, maskSix: gate?.six === true },
        );
    }
    const dx = tf.conv2dTranspose(dy, filter, inputShape, window.stride, window.pad);
    const sum = addend ? tf.add<tf.Tensor4D>(dx, addend) : dx;
    return throughGate(sum, gate);
  }

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
