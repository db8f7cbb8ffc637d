import { FoldedDepthwise } from '../kernels/depthwise/foldedDepthwise';
import { FoldedConv } from '../kernels/foldedConv/foldedConv';
import { tf } from '../tf';
import { BATCH_NORM_EPSILON } from './initialise';
import type { ConvSpec } from './network';
import type { RunningStatistics } from './runningStatistics';
import type { NormSpec } from './trace';
import { type ParameterHolder, type Then, VariableOps } from './variableOps';
import { asImages } from './weightlessOps';

/** Batch-norm as x scale + shift, by channel. */
interface Affine {
  readonly scale: tf.Tensor1D;
  readonly shift: tf.Tensor1D;
}

/**
 * Layers in eval mode: batch-norm takes the running statistics. Where nothing is differentiated it is folded into the convolution before it,
 * as in a frozen network: one pass over the values instead of four.
 */
export class EvalOps extends VariableOps {
  constructor(
    network: ParameterHolder,
    private readonly running: RunningStatistics,
    private readonly norms: ReadonlyMap<string, NormSpec>,
  ) {
    super(network);
  }

  override conv(x: tf.Tensor, key: string, spec: ConvSpec): tf.Tensor {
    if (!spec.bias || tf.engine().isTapeOn()) return super.conv(x, key, spec);
    return layer(this.filter(key), this.vector(`${key}.bias`), spec).forward(asImages(x), null, false);
  }

  override convNorm(x: tf.Tensor, convKey: string, normKey: string, spec: ConvSpec, then: Then): tf.Tensor {
    if (tf.engine().isTapeOn()) return super.convNorm(x, convKey, normKey, spec, then);
    const { scale, shift } = this.affineBehind(convKey, normKey, spec);
    const perFilter = (spec.groups ?? 1) > 1 ? scale.reshape([-1, 1]) : scale;
    const filter = tf.mul<tf.Tensor4D>(this.filter(convKey), perFilter);
    return layer(filter, shift, spec).forward(asImages(x), residualOf(then), then.relu);
  }

  override concatConvNorm(
    parts: readonly [tf.Tensor, tf.Tensor],
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: Then,
  ): tf.Tensor {
    if (tf.engine().isTapeOn() || (spec.groups ?? 1) > 1 || then.residual !== undefined)
      return super.concatConvNorm(parts, convKey, normKey, spec, then);
    const [a, b] = [asImages(parts[0]), asImages(parts[1])];
    const { scale, shift } = this.affineBehind(convKey, normKey, spec);
    const filter = tf.mul<tf.Tensor4D>(this.filter(convKey), scale);
    const [first, second] = tf.split(filter, [a.shape[3], b.shape[3]], 2) as [tf.Tensor4D, tf.Tensor4D];
    // The second half adds its sum to the first's.
    const below = layer(first, tf.zerosLike(shift), spec).forward(a, null, false);
    return layer(second, shift, spec).forward(b, below, then.relu);
  }

  norm(x: tf.Tensor, key: string, relu: boolean): tf.Tensor {
    const y = this.normalise(x, this.affine(key, null));
    return relu ? tf.relu(y) : y;
  }

  dropout(x: tf.Tensor): tf.Tensor {
    return x;
  }

  protected behindConv(
    convolved: tf.Tensor4D,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: Then,
  ): tf.Tensor {
    const y = this.normalise(convolved, this.affineBehind(convKey, normKey, spec));
    const sum = then.residual === undefined ? y : tf.add(y, then.residual);
    return then.relu ? tf.relu(sum) : sum;
  }

  private filter(key: string): tf.Tensor4D {
    return this.variable(`${key}.weight`) as tf.Tensor as tf.Tensor4D;
  }

  private normalise(x: tf.Tensor, { scale, shift }: Affine): tf.Tensor {
    return tf.add(tf.mul(x, scale), shift);
  }

  /** Batch-norm behind a convolution, the convolution's bias included. */
  private affineBehind(convKey: string, normKey: string, spec: ConvSpec): Affine {
    return this.affine(normKey, spec.bias ? this.variable(`${convKey}.bias`) : null);
  }

  private affine(normKey: string, bias: tf.Tensor | null): Affine {
    const norm = this.norms.get(normKey);
    if (norm === undefined) throw new Error(`${normKey} is not in the network's trace.`);
    const { mean, variance } = this.running.read(norm);
    const scale = tf.mul<tf.Tensor1D>(
      this.vector(`${normKey}.weight`),
      tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON)),
    );
    const centre = bias === null ? mean : tf.sub(mean, bias);
    const shift = tf.sub<tf.Tensor1D>(this.vector(`${normKey}.bias`), tf.mul(centre, scale));
    return { scale, shift };
  }
}

/** A convolution with constant weights; it keeps nothing. */
function layer(filter: tf.Tensor4D, bias: tf.Tensor1D, spec: ConvSpec): FoldedConv | FoldedDepthwise {
  return (spec.groups ?? 1) > 1
    ? new FoldedDepthwise(filter, bias, spec)
    : new FoldedConv(filter, bias, spec);
}

function residualOf({ residual }: Then): tf.Tensor4D | null {
  return residual === undefined ? null : asImages(residual);
}
