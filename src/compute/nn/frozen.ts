import { StudioError } from '../../protocol/errors';
import type { StateDict } from '../../formats/models/stateDict';
import { tf } from '../tf';
import { FoldedConv } from '../kernels/foldedConv/foldedConv';
import { deferred, given, materialise, type FrozenValue } from './frozenGraph';
import { BATCH_NORM_EPSILON } from './initialise';
import { deviceShape, floatValues, toDeviceLayout } from './layout';
import { requireMatch } from './matchState';
import type { BoundNetwork, ConvSpec, LayerOps, NetworkOutput } from './network';
import { traceNetwork, type NetworkTrace, type TensorSpec } from './trace';
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
      for (const { filter, bias } of weights.values()) {
        filter.dispose();
        bias.dispose();
      }
    },
  };
}

interface LayerWeights {
  readonly filter: tf.Tensor;
  readonly bias: tf.Tensor1D;
}

/** Device weights by the layer's key (of the convolution, where there is a normalisation behind it). */
function foldWeights(trace: NetworkTrace, state: StateDict): Map<string, LayerWeights> {
  const weights = new Map<string, LayerWeights>();
  const tensors = trace.tensors;
  tensors.forEach((spec, i) => {
    if (spec.role !== 'conv-weight' && spec.role !== 'linear-weight') return;
    const key = spec.name.slice(0, -'.weight'.length);
    // A layer's own tensors follow each other in the trace: weight, bias, then its normalisation.
    const next = tensors[i + 1]?.role === 'bias' ? tensors[i + 2] : tensors[i + 1];
    const normKey = next?.role === 'norm-weight' ? next.name.slice(0, -'.weight'.length) : null;
    weights.set(key, foldLayer(spec, key, normKey, state));
  });
  return weights;
}

function foldLayer(spec: TensorSpec, key: string, normKey: string | null, state: StateDict): LayerWeights {
  const tensor = state.get(spec.name);
  if (tensor === undefined) throw new Error(`${spec.name} is missing.`);
  const outputs = spec.shape[0] ?? 0;
  const values = floatValues(tensor);
  const perOutput = values.length / outputs;
  const bias = new Float32Array(outputs);
  const at = (name: string, index: number): number => Number(state.get(name)?.data[index] ?? 0);
  for (let o = 0; o < outputs; o++) {
    const ownBias = at(`${key}.bias`, o);
    if (normKey === null) {
      bias[o] = ownBias;
      continue;
    }
    const scale =
      at(`${normKey}.weight`, o) / Math.sqrt(at(`${normKey}.running_var`, o) + BATCH_NORM_EPSILON);
    bias[o] = (ownBias - at(`${normKey}.running_mean`, o)) * scale + at(`${normKey}.bias`, o);
    for (let i = o * perOutput; i < (o + 1) * perOutput; i++) values[i] = (values[i] ?? 0) * scale;
  }
  return { filter: tf.tensor(toDeviceLayout(values, spec), deviceShape(spec)), bias: tf.tensor1d(bias) };
}

/** Convolutions are put off and computed in chains; every other layer needs its input at once. */
class FrozenOps implements LayerOps<FrozenValue> {
  private readonly convolutions = new Map<string, FoldedConv>();

  constructor(private readonly weights: ReadonlyMap<string, LayerWeights>) {}

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

  linear(x: FrozenValue, key: string): FrozenValue {
    const { filter, bias } = this.layer(key);
    return given(tf.add(tf.matMul(materialise(x) as tf.Tensor2D, filter as tf.Tensor2D), bias));
  }

  maxPool(x: FrozenValue, size: number, stride: number): FrozenValue {
    return given(weightlessOps.maxPool(materialise(x), size, stride));
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
  }

  private layer(key: string): LayerWeights {
    const layer = this.weights.get(key);
    if (layer === undefined) throw new Error(`The network has no layer ${key}.`);
    return layer;
  }

  private folded(key: string, spec: ConvSpec): FoldedConv {
    const known = this.convolutions.get(key);
    if (known !== undefined) return known;
    const { filter, bias } = this.layer(key);
    const made = new FoldedConv(asImages(filter), bias, spec);
    this.convolutions.set(key, made);
    return made;
  }
}
