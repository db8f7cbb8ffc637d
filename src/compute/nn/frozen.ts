import { StudioError } from '../../protocol/errors';
import type { StateDict } from '../../formats/models/stateDict';
import { tf } from '../tf';
import { FoldedDepthwise } from '../kernels/depthwise/foldedDepthwise';
import { FoldedConv } from '../kernels/foldedConv/foldedConv';
import type { FoldedLayer } from '../kernels/foldedConv/foldedLayer';
import { deferred, given, materialise, type FrozenValue } from './frozenGraph';
import { largestValueOf } from './largestValue';
import { requireMatch } from './matchState';
import type { Activation, BoundNetwork, ConvSpec, LayerOps, LinearSpec, NetworkOutput } from './network';
import { activate } from './ops/activations';
import { dense } from './ops/dense';
import { foldWeights, type FrozenWeights, type LayerWeights } from './ops/foldWeights';
import { linearNames } from './ops/layerTensors';
import { scaleAndShift } from './ops/scaleAndShift';
import type { TokenOps } from './ops/tokenOps';
import { tensorTokenOps } from './ops/tokenTensors';
import { elementCount, traceNetwork } from './trace';
import type { FrozenClassifier } from './types';
import { asImages, weightlessOps } from './weightlessOps';

/** A network with constant weights in eval mode; differentiable in its input. */
export interface FrozenNetwork {
  readonly bound: BoundNetwork;
  /** x: float32 [N, H, W, C]; the caller disposes the results. */
  forward(x: tf.Tensor4D): NetworkOutput<tf.Tensor>;
  dispose(): void;
}

/**
 * A classifier with constant weights, batch-norm folded into its convolutions in float64 before anything reaches the
 * device. The caller disposes it, and the results of its `forward`.
 *
 * @throws StudioError `model/shape-mismatch` naming the first key that does not fit, `model/unknown-architecture` where
 * the network is not a classifier.
 */
export function buildFrozen(bound: BoundNetwork, state: StateDict): FrozenClassifier {
  const { classes } = bound;
  if (classes === null) {
    throw new StudioError('model/unknown-architecture', `${bound.label} gives an image, not classes.`);
  }
  const network = buildFrozenNetwork(bound, state);
  return {
    bound,
    classes,
    largestWeight: Math.max(...traceNetwork(bound).tensors.map(({ shape }) => elementCount(shape))),
    largestValue: largestValueOf(bound),
    forward: (x) => {
      const { output, features } = network.forward(x);
      if (features === null) throw new Error(`${bound.label} names no penultimate features.`);
      return { logits: output as tf.Tensor2D, features: features as tf.Tensor2D };
    },
    dispose: () => {
      network.dispose();
    },
  };
}

/** As `buildFrozen`, for any network: a trained transform too. @throws StudioError `model/shape-mismatch`. */
export function buildFrozenNetwork(bound: BoundNetwork, state: StateDict): FrozenNetwork {
  const trace = traceNetwork(bound);
  requireMatch(bound.label, trace.tensors, state);
  const weights = foldWeights(trace, state);
  const ops = new FrozenOps(weights);
  return {
    bound,
    forward: (x) => {
      const results = tf.tidy(() => {
        const { output, features } = bound.forward<FrozenValue>(ops, given(x));
        return (features === null ? [output] : [output, features]).map(materialise);
      });
      const [output, features] = results;
      if (output === undefined) throw new Error(`${bound.label} gave nothing.`);
      return { output, features: features ?? null };
    },
    dispose: () => {
      ops.dispose();
      weights.dispose();
    },
  };
}

/** Convolutions are put off and computed in chains; every other layer needs its input at once. */
class FrozenOps implements LayerOps<FrozenValue> {
  private readonly convolutions = new Map<string, FoldedLayer>();
  /** Convolutions of two inputs, with the parts of their weights that are this object's. */
  private readonly split = new Map<
    string,
    { readonly layers: readonly [FoldedLayer, FoldedLayer]; readonly own: tf.Tensor[] }
  >();

  readonly tokens: TokenOps<FrozenValue> = tensorTokenOps({
    tensor: materialise,
    value: given,
    weight: (name) => this.constant(name),
    learned: false,
  });

  constructor(private readonly weights: FrozenWeights) {}

  conv(x: FrozenValue, key: string, spec: ConvSpec): FrozenValue {
    return deferred({ conv: this.folded(key, spec), input: x, residual: null, relu: false });
  }

  convNorm(
    x: FrozenValue,
    convKey: string,
    _normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: FrozenValue },
  ): FrozenValue {
    const { relu, residual = null } = then;
    return deferred({ conv: this.folded(convKey, spec), input: x, residual, relu });
  }

  concatConvNorm(
    parts: readonly [FrozenValue, FrozenValue],
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: FrozenValue },
  ): FrozenValue {
    const { relu, residual } = then;
    if (residual !== undefined || (spec.groups ?? 1) > 1)
      return this.convNorm(this.concat(parts), convKey, normKey, spec, then);
    // The second half adds its sum to the first's.
    const [first, second] = this.halves(convKey, spec, asImages(materialise(parts[0])).shape[3]);
    const below = deferred({ conv: first, input: parts[0], residual: null, relu: false });
    return deferred({ conv: second, input: parts[1], residual: below, relu });
  }

  norm(x: FrozenValue, key: string, relu: boolean): FrozenValue {
    const norm = this.weights.norms.get(key);
    if (norm === undefined) throw new Error(`The network has no normalisation ${key}.`);
    return given(scaleAndShift(materialise(x), norm.scale, norm.shift, relu));
  }

  linear(x: FrozenValue, key: string, _features: number, spec?: LinearSpec): FrozenValue {
    const names = linearNames(key, spec);
    const weight = this.constant(names.weight) as tf.Tensor2D;
    const bias = names.bias === null ? null : this.constant(names.bias);
    return given(dense(materialise(x), weight, bias, false));
  }

  activation(x: FrozenValue, kind: Activation): FrozenValue {
    const { step, tensor } = x;
    // A convolution that is still to be computed rectifies as it writes.
    if (kind !== 'gelu' && tensor === null && step !== null && step.relu === false)
      return deferred({ ...step, relu: kind === 'relu6' ? 6 : true });
    return given(activate(materialise(x), kind));
  }

  add(a: FrozenValue, b: FrozenValue): FrozenValue {
    return given(tf.add(materialise(a), materialise(b)));
  }

  dropout(x: FrozenValue): FrozenValue {
    return x;
  }

  maxPool(x: FrozenValue, size: number, stride: number, pad?: number): FrozenValue {
    return given(weightlessOps.maxPool(materialise(x), size, stride, pad));
  }

  averagePool(x: FrozenValue, size: number, stride: number): FrozenValue {
    return given(weightlessOps.averagePool(materialise(x), size, stride));
  }

  adaptiveAveragePool(x: FrozenValue, height: number, width: number): FrozenValue {
    return given(weightlessOps.adaptiveAveragePool(materialise(x), height, width));
  }

  flatten(x: FrozenValue): FrozenValue {
    return given(weightlessOps.flatten(materialise(x)));
  }

  globalAveragePool(x: FrozenValue): FrozenValue {
    return given(weightlessOps.globalAveragePool(materialise(x)));
  }

  upsample2x(x: FrozenValue): FrozenValue {
    return given(weightlessOps.upsample2x(materialise(x)));
  }

  padTo(x: FrozenValue, like: FrozenValue): FrozenValue {
    return given(weightlessOps.padTo(materialise(x), materialise(like)));
  }

  concat(parts: readonly FrozenValue[]): FrozenValue {
    return given(weightlessOps.concat(parts.map(materialise)));
  }

  dispose(): void {
    for (const convolution of this.convolutions.values()) convolution.dispose();
    for (const { layers, own } of this.split.values()) {
      for (const layer of layers) layer.dispose();
      tf.dispose(own);
    }
  }

  private layer(key: string): LayerWeights {
    const layer = this.weights.layers.get(key);
    if (layer === undefined) throw new Error(`The network has no layer ${key}.`);
    return layer;
  }

  private constant(name: string): tf.Tensor {
    const constant = this.weights.constants.get(name);
    if (constant === undefined) throw new Error(`The network has no weight ${name}.`);
    return constant;
  }

  /** A convolution as two, of the first `channels` of its input's channels and of the others, with the bias. */
  private halves(key: string, spec: ConvSpec, channels: number): readonly [FoldedLayer, FoldedLayer] {
    const known = this.split.get(key);
    if (known !== undefined) return known.layers;
    const { filter, bias } = this.layer(key);
    const [a, b, none] = tf.tidy((): [tf.Tensor4D, tf.Tensor4D, tf.Tensor1D] => {
      const [first, second] = tf.split(filter, [channels, -1], 2);
      return [
        asImages(tf.keep(first as tf.Tensor)),
        asImages(tf.keep(second as tf.Tensor)),
        tf.keep(tf.zerosLike(bias)),
      ];
    });
    const layers = [new FoldedConv(a, none, spec), new FoldedConv(b, bias, spec)] as const;
    this.split.set(key, { layers, own: [a, b, none] });
    return layers;
  }

  private folded(key: string, spec: ConvSpec): FoldedLayer {
    const known = this.convolutions.get(key);
    if (known !== undefined) return known;
    const { filter, bias } = this.layer(key);
    const Layer = (spec.groups ?? 1) > 1 ? FoldedDepthwise : FoldedConv;
    const made = new Layer(asImages(filter), bias, spec);
    this.convolutions.set(key, made);
    return made;
  }
}
