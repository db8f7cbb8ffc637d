import { concatConv2d } from '../kernels/concatConv/concatConv';
import { tf } from '../tf';
import type { Activation, ConvSpec, LayerOps, LinearSpec } from './network';
import { activate } from './ops/activations';
import { dense } from './ops/dense';
import { linearNames } from './ops/layerTensors';
import type { TokenOps } from './ops/tokenOps';
import { tensorTokenOps } from './ops/tokenTensors';
import { asImages, weightlessOps } from './weightlessOps';

/** What holds a network's parameters under PyTorch's names. */
export interface ParameterHolder {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
}

/** What follows a convolution and its normalisation. */
export interface Then {
  readonly relu: boolean;
  readonly residual?: tf.Tensor;
}

/** A network's parameter by its name. */
export function variableOf(parameters: ReadonlyMap<string, tf.Variable>, name: string): tf.Variable {
  const variable = parameters.get(name);
  if (variable === undefined) throw new Error(`The network has no parameter ${name}.`);
  return variable;
}

/** The layers of a network whose weights are variables, as both of its modes have them; the modes differ in what follows a convolution. */
export abstract class VariableOps implements LayerOps<tf.Tensor> {
  readonly maxPool = weightlessOps.maxPool;
  readonly globalAveragePool = weightlessOps.globalAveragePool;
  readonly upsample2x = weightlessOps.upsample2x;
  readonly padTo = weightlessOps.padTo;
  readonly concat = weightlessOps.concat;
  readonly averagePool = weightlessOps.averagePool;
  readonly adaptiveAveragePool = weightlessOps.adaptiveAveragePool;
  readonly flatten = weightlessOps.flatten;
  readonly tokens: TokenOps<tf.Tensor> = tensorTokenOps({
    tensor: (value) => value,
    value: (tensor) => tensor,
    weight: (name) => this.variable(name),
    learned: true,
  });

  constructor(private readonly network: ParameterHolder) {}

  conv(x: tf.Tensor, key: string, spec: ConvSpec): tf.Tensor {
    const y = this.convolve(x, key, spec);
    return spec.bias ? tf.add(y, this.variable(`${key}.bias`)) : y;
  }

  linear(x: tf.Tensor, key: string, _features: number, spec?: LinearSpec): tf.Tensor {
    const names = linearNames(key, spec);
    const weight = this.variable(names.weight) as tf.Tensor as tf.Tensor2D;
    return dense(x, weight, names.bias === null ? null : this.variable(names.bias), true);
  }

  activation(x: tf.Tensor, kind: Activation): tf.Tensor {
    return activate(x, kind);
  }

  add(a: tf.Tensor, b: tf.Tensor): tf.Tensor {
    return tf.add(a, b);
  }

  abstract norm(x: tf.Tensor, key: string, relu: boolean): tf.Tensor;

  abstract dropout(x: tf.Tensor, rate: number): tf.Tensor;

  convNorm(x: tf.Tensor, convKey: string, normKey: string, spec: ConvSpec, then: Then): tf.Tensor {
    return this.behindConv(this.convolve(x, convKey, spec), convKey, normKey, spec, then);
  }

  concatConvNorm(
    [a, b]: readonly [tf.Tensor, tf.Tensor],
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: Then,
  ): tf.Tensor {
    if ((spec.groups ?? 1) > 1) return this.convNorm(this.concat([a, b]), convKey, normKey, spec, then);
    const filter = this.variable(`${convKey}.weight`) as tf.Tensor as tf.Tensor4D;
    const convolved = concatConv2d(asImages(a), asImages(b), filter, spec.stride, spec.pad);
    return this.behindConv(convolved, convKey, normKey, spec, then);
  }

  /** What follows the convolution in `convNorm`. */
  protected abstract behindConv(
    convolved: tf.Tensor4D,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: Then,
  ): tf.Tensor;

  protected convolve(x: tf.Tensor, key: string, spec: ConvSpec): tf.Tensor4D {
    const filter = this.variable(`${key}.weight`) as tf.Tensor as tf.Tensor4D;
    if ((spec.groups ?? 1) > 1) {
      return tf.depthwiseConv2d(asImages(x), filter, spec.stride, spec.pad, 'NHWC', 1, 'floor');
    }
    return tf.conv2d(asImages(x), filter, spec.stride, spec.pad);
  }

  protected variable(name: string): tf.Variable {
    return variableOf(this.network.parameters, name);
  }

  protected vector(name: string): tf.Tensor1D {
    return this.variable(name) as tf.Tensor as tf.Tensor1D;
  }
}
