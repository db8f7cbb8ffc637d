import type { StateDict, StateTensor } from '../../formats/models/stateDict';
import { tf } from '../tf';
import { concatConv2d } from '../kernels/concatConv/concatConv';
import { batchNormTrain } from '../kernels/batchNorm/batchNorm';
import { BATCH_NORM_EPSILON, initialState } from './initialise';
import { deviceShape, floatValues, toDeviceLayout, toFileLayout } from './layout';
import { requireMatch } from './matchState';
import type { Activation, BoundNetwork, ConvSpec, LayerOps, LinearSpec, NetworkOutput } from './network';
import { activate } from './ops/activations';
import { dense } from './ops/dense';
import { DropoutMasks } from './ops/dropout';
import { linearNames } from './ops/layerTensors';
import type { TokenOps } from './ops/tokenOps';
import { tensorTokenOps } from './ops/tokenTensors';
import { readTogether } from './readTogether';
import { requireSeveralValues, RunningStatistics, type BatchStatistics } from './runningStatistics';
import {
  elementCount,
  isParameter,
  traceNetwork,
  type NetworkTrace,
  type NormSpec,
  type TensorSpec,
} from './trace';
import type { TrainableNetwork } from './types';
import { asImages, weightlessOps } from './weightlessOps';
import { withZeroGradient } from './zeroGradient';

let built = 0;

/**
 * A network whose weights are learned. `init` is a state_dict or the seed of PyTorch's default initialisers; dropout follows the seed too (0
 * where a state_dict comes without). The
 * variables' tfjs names are unique to this network (`network3/outc.conv.weight`); `tf.variableGrads` keys its result by
 * them, so look gradients up by `parameters.get(key).name`. Every parameter gets a gradient, zero for the convolution
 * biases in front of batch-norm. The caller disposes the network.
 *
 * @throws StudioError `model/shape-mismatch` naming the first key of `init.state` that does not fit.
 */
export function buildTrainable(
  bound: BoundNetwork,
  init: { readonly state: StateDict; readonly seed?: number } | { readonly seed: number },
): TrainableNetwork {
  const trace = traceNetwork(bound);
  const state = 'state' in init ? init.state : initialState(trace.tensors, init.seed);
  requireMatch(bound.label, trace.tensors, state);
  return new Trainable(bound, trace, state, new DropoutMasks(init.seed ?? 0));
}

class Trainable implements TrainableNetwork {
  readonly parameters: ReadonlyMap<string, tf.Variable>;
  private readonly running: RunningStatistics;
  private readonly norms: ReadonlyMap<string, NormSpec>;
  /** Zeros by channel count, the gradient of biases in front of batch-norm. */
  private readonly zeros = new Map<number, tf.Tensor>();

  constructor(
    readonly bound: BoundNetwork,
    private readonly trace: NetworkTrace,
    state: StateDict,
    private readonly dropoutMasks: DropoutMasks,
  ) {
    const prefix = `network${built++}`;
    const parameters = new Map<string, tf.Variable>();
    for (const spec of trace.tensors) {
      if (!isParameter(spec.role)) continue;
      const value = deviceTensor(spec, state);
      parameters.set(spec.name, tf.variable(value, true, `${prefix}/${spec.name}`));
      value.dispose();
    }
    this.parameters = parameters;
    this.norms = new Map(trace.norms.map((norm) => [norm.normKey, norm]));
    for (const { biasKey, channels } of trace.norms) {
      if (biasKey !== null && !this.zeros.has(channels))
        this.zeros.set(channels, tf.keep(tf.zeros([channels])));
    }
    this.running = new RunningStatistics(trace.norms);
    this.running.load(state);
  }

  forward(x: tf.Tensor4D, mode: 'train' | 'eval'): NetworkOutput<tf.Tensor> {
    const results = tf.tidy(() => {
      const ops =
        mode === 'train'
          ? new TrainOps(this, this.zeros, this.dropoutMasks)
          : new EvalOps(this, this.running, this.norms);
      const { output, features } = this.bound.forward<tf.Tensor>(ops, x);
      if (ops instanceof TrainOps) this.running.update(ops.batch);
      return features === null ? [output] : [output, features];
    });
    const [output, features] = results;
    if (output === undefined) throw new Error(`${this.bound.label} gave nothing.`);
    return { output, features: features ?? null };
  }

  uncounted<T>(body: () => T): T {
    return this.running.uncounted(() => this.dropoutMasks.rehearse(body));
  }

  startStep(step: number): void {
    this.dropoutMasks.startStep(step);
  }

  countBatch(): void {
    this.running.count();
  }

  async stateDict(): Promise<StateDict> {
    const learned = this.trace.tensors.filter(({ role }) => isParameter(role));
    const read = await readTogether([
      this.running.values,
      ...learned.map(({ name }) => variableOf(this.parameters, name)),
    ]);
    const running = read[0] ?? new Float32Array();
    const values = new Map(learned.map(({ name }, i) => [name, read[i + 1] ?? new Float32Array()]));
    return new Map(this.trace.tensors.map((spec) => [spec.name, this.fileTensor(spec, running, values)]));
  }

  load(state: StateDict): void {
    requireMatch(this.bound.label, this.trace.tensors, state);
    for (const spec of this.trace.tensors) {
      if (!isParameter(spec.role)) continue;
      const value = deviceTensor(spec, state);
      variableOf(this.parameters, spec.name).assign(value);
      value.dispose();
    }
    this.running.load(state);
  }

  dispose(): void {
    for (const variable of this.parameters.values()) variable.dispose();
    for (const zeros of this.zeros.values()) zeros.dispose();
    this.running.dispose();
  }

  private fileTensor(
    spec: TensorSpec,
    running: Float32Array,
    values: ReadonlyMap<string, Float32Array>,
  ): StateTensor {
    const { name, role, shape } = spec;
    const layer = name.slice(0, name.lastIndexOf('.'));
    if (role === 'batches-tracked') {
      return { dtype: 'int64', shape, data: Int32Array.of(this.running.batchesTracked(layer)) };
    }
    if (role === 'running-mean' || role === 'running-variance') {
      const position = this.running.position(layer);
      const start = role === 'running-mean' ? position.mean : position.variance;
      return { dtype: 'float32', shape, data: running.slice(start, start + elementCount(shape)) };
    }
    return { dtype: 'float32', shape, data: toFileLayout(values.get(name) ?? new Float32Array(), spec) };
  }
}

function deviceTensor(spec: TensorSpec, state: StateDict): tf.Tensor {
  const tensor = state.get(spec.name);
  if (tensor === undefined) throw new Error(`${spec.name} is missing.`);
  return tf.tensor(toDeviceLayout(floatValues(tensor), spec), deviceShape(spec));
}

function variableOf(parameters: ReadonlyMap<string, tf.Variable>, name: string): tf.Variable {
  const variable = parameters.get(name);
  if (variable === undefined) throw new Error(`The network has no parameter ${name}.`);
  return variable;
}

/** What both modes share; the modes differ in what follows a convolution. */
abstract class VariableOps implements LayerOps<tf.Tensor> {
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

  constructor(private readonly network: { readonly parameters: ReadonlyMap<string, tf.Variable> }) {}

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

  convNorm(
    x: tf.Tensor,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: tf.Tensor },
  ): tf.Tensor {
    return this.behindConv(this.convolve(x, convKey, spec), convKey, normKey, spec, then);
  }

  concatConvNorm(
    [a, b]: readonly [tf.Tensor, tf.Tensor],
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: tf.Tensor },
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
    then: { readonly relu: boolean; readonly residual?: tf.Tensor },
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

class TrainOps extends VariableOps {
  readonly batch = new Map<string, BatchStatistics>();

  constructor(
    network: { readonly parameters: ReadonlyMap<string, tf.Variable> },
    private readonly zeros: ReadonlyMap<number, tf.Tensor>,
    private readonly masks: DropoutMasks,
  ) {
    super(network);
  }

  norm(x: tf.Tensor, key: string, relu: boolean): tf.Tensor {
    return this.normalise(asImages(x), key, relu, null);
  }

  dropout(x: tf.Tensor, rate: number): tf.Tensor {
    return this.masks.apply(x, rate);
  }

  protected behindConv(
    convolved: tf.Tensor4D,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: tf.Tensor },
  ): tf.Tensor {
    const fused = then.relu && then.residual === undefined;
    const bias = spec.bias ? this.vector(`${convKey}.bias`) : null;
    const y = this.normalise(convolved, normKey, fused, bias);
    const zeros = this.zeros.get(spec.filters);
    const normed =
      spec.bias && zeros !== undefined ? withZeroGradient(y, this.variable(`${convKey}.bias`), zeros) : y;
    if (then.residual === undefined) return normed;
    const sum = tf.add(normed, then.residual);
    return then.relu ? tf.relu(sum) : sum;
  }

  private normalise(x: tf.Tensor4D, normKey: string, relu: boolean, bias: tf.Tensor1D | null): tf.Tensor4D {
    const count = x.size / x.shape[3];
    requireSeveralValues(count);
    const [gamma, beta] = [this.vector(`${normKey}.weight`), this.vector(`${normKey}.bias`)];
    const { y, statistics } = batchNormTrain(x, gamma, beta, BATCH_NORM_EPSILON, relu, bias);
    this.batch.set(normKey, { statistics, count });
    return y;
  }
}

class EvalOps extends VariableOps {
  constructor(
    network: { readonly parameters: ReadonlyMap<string, tf.Variable> },
    private readonly running: RunningStatistics,
    private readonly norms: ReadonlyMap<string, NormSpec>,
  ) {
    super(network);
  }

  protected behindConv(
    convolved: tf.Tensor4D,
    convKey: string,
    normKey: string,
    spec: ConvSpec,
    then: { readonly relu: boolean; readonly residual?: tf.Tensor },
  ): tf.Tensor {
    const bias = spec.bias ? this.variable(`${convKey}.bias`) : null;
    const y = this.normalise(convolved, normKey, bias);
    const sum = then.residual === undefined ? y : tf.add(y, then.residual);
    return then.relu ? tf.relu(sum) : sum;
  }

  norm(x: tf.Tensor, key: string, relu: boolean): tf.Tensor {
    const y = this.normalise(x, key, null);
    return relu ? tf.relu(y) : y;
  }

  dropout(x: tf.Tensor): tf.Tensor {
    return x;
  }

  private normalise(x: tf.Tensor, normKey: string, bias: tf.Tensor | null): tf.Tensor {
    const norm = this.norms.get(normKey);
    if (norm === undefined) throw new Error(`${normKey} is not in the network's trace.`);
    const { mean, variance } = this.running.read(norm);
    const scale = tf.mul(this.variable(`${normKey}.weight`), tf.rsqrt(tf.add(variance, BATCH_NORM_EPSILON)));
    const centre = bias === null ? mean : tf.sub(mean, bias);
    const shift = tf.sub(this.variable(`${normKey}.bias`), tf.mul(centre, scale));
    return tf.add(tf.mul(x, scale), shift);
  }
}
