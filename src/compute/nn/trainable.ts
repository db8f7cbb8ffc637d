import type { StateDict, StateTensor } from '../../formats/models/stateDict';
import { tf } from '../tf';
import { EvalOps } from './evalOps';
import { initialState } from './initialise';
import { deviceShape, floatValues, toDeviceLayout, toFileLayout } from './layout';
import { requireMatch } from './matchState';
import type { BoundNetwork, NetworkOutput } from './network';
import { DropoutMasks } from './ops/dropout';
import { readTogether } from './readTogether';
import { RunningStatistics } from './runningStatistics';
import {
  elementCount,
  isParameter,
  traceNetwork,
  type NetworkTrace,
  type NormSpec,
  type TensorSpec,
} from './trace';
import { TrainOps } from './trainOps';
import type { TrainableNetwork } from './types';
import { variableOf } from './variableOps';

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
